"""Action names as bits of one integer, with one symbol a service for the actions that its list does not have.

That symbol stands for any action that is added later: what matches all of a service holds it, and a longer
pattern does not. A last symbol stands for services that are in no list.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from cloudguard.permission_sets.globs import ReservedCharacterError, glob, matches

UNLISTED = "<unlisted>"
"""How the symbol of a service is written: ``service:<unlisted>``; of unknown services, ``*:<unlisted>``."""


class ActionTable:
    """The actions of some services; masks are over its bits. Names are compared in lower case.

    ``listed``: action names by service. ``named``: patterns that policies write; a full name among them that
    no list has gets a bit of its own.
    """

    def __init__(self, listed: Mapping[str, Iterable[str]], named: Iterable[str] = ()) -> None:
        self._shown: list[str] = []
        self._bits: dict[str, int] = {}
        self._spans: dict[str, tuple[int, int]] = {}
        listed = {service.lower(): actions for service, actions in listed.items()}
        extra = self._extra(listed, named)
        for service in sorted({*listed, *extra}):
            self._spans[service] = self._add_service(service, listed, extra.get(service, ()))
        self._spans["*"] = self._add_all(("*:" + UNLISTED,))
        self.everything = (1 << len(self._shown)) - 1
        self._lowered = [name.lower() for name in self._shown]
        self._masks: dict[str, int] = {}

    def _add_service(self, service: str, listed: Mapping[str, Iterable[str]], extra: Iterable[str]) -> tuple[int, int]:
        names = [f"{service}:{action}" for action in sorted(listed.get(service, ()))]
        return self._add_all((*names, *extra, f"{service}:{UNLISTED}"))

    def _extra(self, listed: Mapping[str, Iterable[str]], named: Iterable[str]) -> dict[str, list[str]]:
        """Return full names that no list has, by service; a service that only patterns name has none."""
        known: dict[str, set[str]] = {}
        extra: dict[str, dict[str, None]] = {}
        for name in named:
            service, colon, action = name.partition(":")
            if not colon or not _plain(service):
                continue
            service = service.lower()
            if service not in known:
                known[service] = {listed_action.lower() for listed_action in listed.get(service, ())}
            names = extra.setdefault(service, {})
            if _plain(action) and action.lower() not in known[service]:
                names.setdefault(f"{service}:{action}")
        return {service: list(names) for service, names in extra.items()}

    def _add_all(self, names: Iterable[str]) -> tuple[int, int]:
        start = len(self._shown)
        for name in names:
            if self._bits.setdefault(name.lower(), len(self._shown)) == len(self._shown):
                self._shown.append(name)
        return start, len(self._shown)

    @property
    def services(self) -> tuple[str, ...]:
        """The services, ``*`` for those in no list."""
        return tuple(self._spans)

    def service_mask(self, service: str) -> int:
        """Return all actions of ``service``."""
        start, end = self._spans[service]
        return (1 << end) - (1 << start)

    @property
    def listed(self) -> int:
        """Return every action but the symbols for unlisted ones."""
        symbols = sum(1 << (end - 1) for _, end in self._spans.values())
        return self.everything & ~symbols

    def mask(self, patterns: Iterable[str]) -> int:
        """Return the actions that match one of ``patterns``."""
        found = 0
        for text in patterns:
            lowered = text.lower()
            mask = self._masks.get(lowered)
            if mask is None:
                mask = self._masks[lowered] = self._match(lowered)
            found |= mask
        return found

    def _match(self, lowered: str) -> int:
        if lowered in {"*", "*:*"}:
            return self.everything
        if lowered in self._bits:
            return 1 << self._bits[lowered]
        service = lowered.partition(":")[0]
        spans = [self._spans.get(service, (0, 0))] if _plain(service) else list(self._spans.values())
        try:
            compiled = glob(lowered)
        except ReservedCharacterError:
            return 0
        mask = 0
        for start, end in spans:
            for bit in range(start, end):
                if matches(compiled, self._lowered[bit]):
                    mask |= 1 << bit
        return mask

    def unknown(self, text: str) -> bool:
        """Whether pattern ``text`` names an action or a service that the table was not told of."""
        service, colon, action = text.lower().partition(":")
        if not colon or not _plain(service):
            return False
        return service not in self._spans or (_plain(action) and f"{service}:{action}" not in self._bits)

    def unlisted(self, text: str) -> int:
        """Return the symbol that stands for an unknown action: that of its service, or of unknown services."""
        _, end = self._spans.get(text.lower().partition(":")[0], self._spans["*"])
        return 1 << (end - 1)

    def names(self, mask: int) -> Iterator[str]:
        """Yield the actions of ``mask`` in the catalog's spelling."""
        return (name for name, _ in self.named(mask))

    def named(self, mask: int) -> Iterator[tuple[str, int]]:
        """Yield the actions of ``mask``, each with its bit."""
        while mask:
            bit = mask & -mask
            mask ^= bit
            yield self._shown[bit.bit_length() - 1], bit

    def bit(self, action: str) -> int | None:
        """Return the mask of one action, None when the table does not have it."""
        index = self._bits.get(action.lower())
        return None if index is None else 1 << index


def _plain(text: str) -> bool:
    return "*" not in text and "?" not in text


def open_ended(text: str) -> bool:
    """Whether action pattern ``text`` will match actions that are added later."""
    return not _plain(text)

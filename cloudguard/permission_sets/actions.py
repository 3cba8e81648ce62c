"""Actions as bits of one integer, with one symbol for each service that stands for its unlisted actions.

The symbol stands for any action that the service adds later. A pattern that matches all of a service contains the
symbol, and a longer pattern does not. One more symbol stands for services that are in no list.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from cloudguard.permission_sets.globs import ReservedCharacterError, glob, matches

UNLISTED = "<unlisted>"
"""A service's symbol is written ``service:<unlisted>``, and the symbol of unknown services ``*:<unlisted>``."""


def is_symbol(name: str) -> bool:
    """Whether a name stands for unlisted actions: "disk:<unlisted>", or a catalog's own symbol in braces."""
    return name.endswith(UNLISTED) or "{" in name


class ActionTable:
    """The actions of some services, each with a bit. A mask is a set of actions. Names are compared in lower case.

    ``listed``: action names by service. ``named``: patterns in policies. A full name among them that is in no list gets
    its own bit.
    """

    def __init__(self, listed: Mapping[str, Iterable[str]], named: Iterable[str] = ()) -> None:
        self._names: list[str] = []
        self._bits: dict[str, int] = {}
        self._ranges: dict[str, tuple[int, int]] = {}
        listed = {service.lower(): actions for service, actions in listed.items()}
        extra = self._extra(listed, named)
        for service in sorted({*listed, *extra}):
            self._ranges[service] = self._add_service(service, listed, extra.get(service, ()))
        self._ranges["*"] = self._add_all(("*:" + UNLISTED,))
        self.everything = (1 << len(self._names)) - 1
        symbols = sum(1 << (end - 1) for _, end in self._ranges.values())
        symbols |= sum(1 << bit for name, bit in self._bits.items() if is_symbol(name))
        self.listed = self.everything & ~symbols
        """The mask of all listed actions, without the symbols."""
        self._lowered = [name.lower() for name in self._names]
        self._masks: dict[str, int] = {}

    def _add_service(self, service: str, listed: Mapping[str, Iterable[str]], extra: Iterable[str]) -> tuple[int, int]:
        names = [f"{service}:{action}" for action in sorted(listed.get(service, ()))]
        return self._add_all((*names, *extra, f"{service}:{UNLISTED}"))

    def _extra(self, listed: Mapping[str, Iterable[str]], named: Iterable[str]) -> dict[str, list[str]]:
        """Return full names that are in no list, by service. A service that only patterns name has an empty list."""
        known: dict[str, set[str]] = {}
        extra: dict[str, dict[str, None]] = {}
        for name in named:
            service, colon, action = name.partition(":")
            if not colon or not _is_literal(service):
                continue
            service = service.lower()
            if service not in known:
                known[service] = {listed_action.lower() for listed_action in listed.get(service, ())}
            names = extra.setdefault(service, {})
            if _is_literal(action) and action.lower() not in known[service]:
                names.setdefault(f"{service}:{action}")
        return {service: list(names) for service, names in extra.items()}

    def _add_all(self, names: Iterable[str]) -> tuple[int, int]:
        start = len(self._names)
        for name in names:
            if self._bits.setdefault(name.lower(), len(self._names)) == len(self._names):
                self._names.append(name)
        return start, len(self._names)

    @property
    def services(self) -> tuple[str, ...]:
        """The services. ``*`` stands for services in no list."""
        return tuple(self._ranges)

    def service_mask(self, service: str) -> int:
        """Return the mask of all actions of ``service``."""
        start, end = self._ranges[service]
        return (1 << end) - (1 << start)

    def mask(self, patterns: Iterable[str]) -> int:
        """Return the mask of the actions that match one of ``patterns``."""
        bits = 0
        for text in patterns:
            lowered = text.lower()
            mask = self._masks.get(lowered)
            if mask is None:
                mask = self._masks[lowered] = self._match(lowered)
            bits |= mask
        return bits

    def _match(self, lowered: str) -> int:
        if lowered in {"*", "*:*"}:
            return self.everything
        if lowered in self._bits:
            return 1 << self._bits[lowered]
        service = lowered.partition(":")[0]
        ranges = [self._ranges.get(service, (0, 0))] if _is_literal(service) else list(self._ranges.values())
        try:
            pattern = glob(lowered)
        except ReservedCharacterError:
            return 0
        mask = 0
        for start, end in ranges:
            for bit in range(start, end):
                if matches(pattern, self._lowered[bit]):
                    mask |= 1 << bit
        return mask

    def unknown(self, text: str) -> bool:
        """Whether pattern ``text`` names an action or a service that the table does not have."""
        service, colon, action = text.lower().partition(":")
        if not colon or not _is_literal(service):
            return False
        return service not in self._ranges or (_is_literal(action) and f"{service}:{action}" not in self._bits)

    def unlisted(self, text: str) -> int:
        """Return the mask of the symbol for an unknown action: its service's, or the one for unknown services."""
        _, end = self._ranges.get(text.lower().partition(":")[0], self._ranges["*"])
        return 1 << (end - 1)

    def names(self, mask: int) -> Iterator[str]:
        """Yield the names of the actions in ``mask``, in the catalog's spelling."""
        return (name for name, _ in self.items(mask))

    def items(self, mask: int) -> Iterator[tuple[str, int]]:
        """Yield the name and the bit of each action in ``mask``."""
        while mask:
            bit = mask & -mask
            mask ^= bit
            yield self._names[bit.bit_length() - 1], bit

    def bit(self, action: str) -> int | None:
        """Return the mask of one action, or None if the table does not have it."""
        index = self._bits.get(action.lower())
        return None if index is None else 1 << index


def _is_literal(text: str) -> bool:
    return "*" not in text and "?" not in text

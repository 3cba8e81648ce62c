"""Identity providers whose tokens many owners share (``issuers.toml``), and how a token shows its owner."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from typing import Any, Final

from cloudguard.tables import table_of
from cloudguard.values import dataclass

_OWNERS: Final = {
    "<owner>": re.compile(r"[^*?:/\[${}]+"),
    "<number>": re.compile(r"[0-9]+"),
    "<value>": re.compile(r"[^*?${}]+"),
}


@dataclass(frozen=True, slots=True)
class Owner:
    """One of the owners that share an issuer. ``claim`` of the owner's tokens matches the glob ``pattern``."""

    name: str
    claim: str
    pattern: str


@dataclass(frozen=True, slots=True)
class SharedIssuer:
    """An issuer that many owners share. ``what``: its name for people.

    ``formats``: dict of claim → formats of values that contain the owner. ``others``: strangers may have subjects in
    other formats. ``free``: claims whose value any owner can choose. ``guest``: a claim and its value in tokens that an
    owner gives to anyone ("": none).
    """

    name: str
    what: str
    formats: Mapping[str, tuple[str, ...]]
    others: bool
    free: tuple[str, ...]
    guest: tuple[str, str]

    def owners(self, values: Mapping[str, Iterable[str]]) -> tuple[Owner, ...]:
        """Return the owners that ``values`` name. ``values``: dict of claim → values in a policy.

        A pattern that also matches strangers names no owner.
        """
        return tuple(dict.fromkeys(self._owners(values)))

    def _owners(self, values: Mapping[str, Iterable[str]]) -> Iterator[Owner]:
        for claim, formats in self.formats.items():
            for value in values.get(claim, ()):
                for text in formats:
                    name = _owner(text, value)
                    if name:
                        yield Owner(name, claim, _filled(text, name))

    def everyone(self, claim: str) -> tuple[str, ...]:
        """Return globs of all values that a claim can have in tokens of any owner."""
        return ("*",) if self.others or claim != "sub" else tuple(_filled(text, "*") for text in self.formats["sub"])


def _owner(text: str, value: str) -> str:
    """Return the owner in ``value`` according to the format ``text``, or "" for none."""
    prefix, placeholder, suffix = re.split(r"(<[a-z]+>)", text)
    if not value.lower().startswith(prefix.lower()):  # some operators ignore case
        return ""
    match = _OWNERS[placeholder].match(value, len(prefix))
    if match is None:
        return ""
    rest = value[match.end() :]
    return match[0] if rest[:1] == suffix[:1].replace("*", "") else ""


def _filled(text: str, owner: str) -> str:
    return re.sub(r"<[a-z]+>", owner, text)


@cache
def shared_issuers() -> Mapping[str, SharedIssuer]:
    """Return a dict of issuer name → shared issuer."""
    return {table["name"]: _issuer(table) for table in table_of("cloudguard_aws.trust", "issuers.toml")["issuer"]}


def _issuer(table: Mapping[str, Any]) -> SharedIssuer:
    formats = {"sub": tuple(table.get("subjects", ()))} | {
        key: (value,) for key, value in table.get("claims", {}).items()
    }
    claim, value = table.get("guest", ("", ""))
    free = tuple(table.get("free-claims", ()))
    others = table.get("other-subjects", False) or not formats["sub"]
    return SharedIssuer(table["name"], table["what"], formats, others, free, (claim, value))

"""References: where public standards ask for what a check looks for, read from the tables ``references.toml``."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Protocol, runtime_checkable

FILE = "references.toml"


@dataclass(frozen=True, slots=True)
class Reference:
    """A place in a public standard.

    ``id`` names the standard and its control ("CIS Kubernetes Benchmark 1.12: 2.1"), ``title`` says what it asks for,
    ``link`` leads to it, and ``source`` says where the control's number and words were looked up.
    """

    id: str
    title: str
    link: str
    source: str


@dataclass(frozen=True, slots=True)
class ReferenceEntry:
    """A reference, and the ``checks`` that it is about: ids of checks, or of rows for all their checks.

    ``managed``: only where the provider runs the control plane (True), only where it does not (False), or anywhere.
    """

    reference: Reference
    checks: frozenset[str]
    managed: bool | None = None


@runtime_checkable
class KnowsReferences(Protocol):
    """An adapter that knows standards about its cloud."""

    def references(self) -> tuple[ReferenceEntry, ...]:
        """Return its table of references. Makes no call."""
        ...


@cache
def reference_table(package: str) -> tuple[ReferenceEntry, ...]:
    """Return the table of ``package``, in its order, read once in a process."""
    text = files(package).joinpath(FILE).read_text(encoding="utf-8")
    return tuple(_entries(tomllib.loads(text)["standard"]))


def _entries(standards: Iterable[Mapping[str, Any]]) -> Iterable[ReferenceEntry]:
    for standard in standards:
        for control in standard["control"]:
            reference = Reference(
                id=f"{standard['name']}: {control['id']}",
                title=control["title"],
                link=control.get("link", standard["link"]),
                source=standard["source"],
            )
            yield ReferenceEntry(reference, frozenset(control["checks"]), standard.get("managed"))


def references_of(check: str, entries: Iterable[ReferenceEntry], *, managed: bool | None) -> tuple[Reference, ...]:
    """Return the references of ``check`` (its id); ``managed`` None: whether or not the control plane is managed."""
    names = {check, check.partition("/")[0]}
    return tuple(
        entry.reference
        for entry in entries
        if entry.checks & names and (managed is None or entry.managed in {None, managed})
    )

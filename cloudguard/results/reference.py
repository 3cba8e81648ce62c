"""References: the places in public standards that a check corresponds to, read from tables ``references.toml``."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any, Protocol, runtime_checkable

from cloudguard.tables import table_of
from cloudguard.values import dataclass

FILE = "references.toml"


@dataclass(frozen=True, slots=True)
class Reference:
    """A place in a public standard.

    ``id`` names the standard and its control ("CIS Kubernetes Benchmark 1.12: 2.1"). ``title`` says what the control
    requires. ``link`` is its URL. ``source`` says where the control's number and words were looked up.
    """

    id: str
    title: str
    link: str
    source: str


@dataclass(frozen=True, slots=True)
class ReferenceEntry:
    """A reference and its ``checks``: ids of checks, or ids of rows for all checks of a row.

    ``managed``: it applies only if the provider runs the control plane (True), only if it does not (False), or always
    (None).
    """

    reference: Reference
    checks: frozenset[str]
    managed: bool | None = None


@runtime_checkable
class KnowsReferences(Protocol):
    """An adapter that has references for its cloud."""

    def references(self) -> tuple[ReferenceEntry, ...]:
        """Return the adapter's table of references. Makes no API call."""
        ...


@cache
def reference_table(package: str) -> tuple[ReferenceEntry, ...]:
    """Return the table of ``package``, in its order. It is read once per process."""
    return tuple(_entries(table_of(package, FILE)["standard"]))


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
    """Return the references of ``check`` (its id).

    ``managed``: whether the provider runs the control plane. None: return the references for both cases.
    """
    names = {check, check.partition("/")[0]}
    return tuple(
        entry.reference
        for entry in entries
        if entry.checks & names and (managed is None or entry.managed in {None, managed})
    )

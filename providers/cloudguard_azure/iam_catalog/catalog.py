"""The catalog of Azure's operations: those in built-in roles, in the roles read, in needs and escalation paths.

No public package lists Azure's operations.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import cache, lru_cache
from importlib.resources import files
from typing import Any, Final

from cloudguard.model.iam_catalog import Access, EscalationPath, PermissionNeed
from cloudguard.model.identity import Statement
from cloudguard.model.snapshot import Snapshot
from cloudguard.permission_sets.actions import UNLISTED
from cloudguard.provider.iam.action_lists import ActionList, known_statements
from cloudguard.tables import table_of
from cloudguard_azure.identity.resource_names import CONTROL, DATA, resource_formats

_HERE: Final = "cloudguard_azure.iam_catalog"
_PLANES: Final = {"operations.txt": CONTROL, "data_operations.txt": DATA}
_READ: Final = "2026-08-22"
_LATER: Final = "{later}"
"""A part of the names that stand for unlisted operations, and a provider of unlisted ones. Patterns may match it."""
_VERBS: Final = ("read", "write", "delete", "action")
"""The last words of operations."""


class OperationCatalog(ActionList):
    """A catalog of actions ("Microsoft.Compute:disks/read"), each with the planes on which it is known."""

    def __init__(self, actions: Iterable[tuple[str, str]]) -> None:
        listed = [*actions]
        super().__init__(action for action, _ in listed)
        self._planes: dict[str, set[str]] = {}
        for action, plane in listed:
            self._planes.setdefault(action.lower(), set()).add(plane)
        self._count = len(self._planes)
        for provider in (*self._actions, _LATER):
            later = {f"{_LATER}/{verb}": f"{_LATER}/{verb}" for verb in _VERBS}
            self._actions.setdefault(provider, {}).update(later)
            self._planes.update((f"{provider}:{name}", {CONTROL, DATA}) for name in later)

    @property
    def version(self) -> str:
        """The number of operations in the catalog, and their sources."""
        return (
            f"{self._count} operations of the built-in roles of {_READ}, of the roles that were read and of the needs"
        )

    def resource_formats(self, action: str) -> Iterable[str] | None:
        """Return the resource formats of an action; None for an unknown action, which may be on either plane."""
        planes = self._planes.get(action.lower())
        return resource_formats(action, tuple(sorted(planes))) if planes else None

    def access(self, action: str) -> Access:
        """Return the kind of access: DATA if the operation returns secrets or users' data, by ``reading.toml``.

        The symbol for all unlisted operations is LIST. The operations with "{later}" stand for unlisted operations of
        other kinds of access.
        """
        table, lowered = reading(), action.lower()
        *_, before, verb = ("", *lowered.replace(":", "/").split("/"))
        if lowered in table["data"] or (verb == "action" and before.startswith(tuple(table["prefixes"]))):
            return Access.DATA
        if verb == "read" and lowered.startswith(tuple(table["logs"])):
            return Access.DATA
        if lowered.endswith(UNLISTED):
            return Access.LIST
        if verb != "read":
            return Access.WRITE
        return Access.DATA if self._planes.get(lowered) == {DATA} else Access.LIST


@cache
def reading() -> Mapping[str, Any]:
    """Return ``reading.toml``, in lower case: operations that return data, prefixes of verbs, and reads of logs."""
    table = table_of(_HERE, "reading.toml")
    return {key: frozenset(map(str.lower, listed)) for key, listed in table.items()}


@cache
def known() -> tuple[tuple[str, str], ...]:
    """Return the operations known to this release, each with its plane."""
    texts = {plane: files(_HERE).joinpath(name).read_text(encoding="utf-8") for name, plane in _PLANES.items()}
    return tuple((action, plane) for plane, text in texts.items() for action in _listed(text))


def _listed(text: str) -> Iterator[str]:
    provider = ""
    for line in text.splitlines():
        if not line.startswith((" ", "#")):
            provider = line
        elif line.startswith(" "):
            kind, *verbs = line.split()
            place = f"{provider}:" if kind == "-" else f"{provider}:{kind}/"
            yield from (f"{place}{verb[:-1]}/action" if verb.endswith("!") else f"{place}{verb}" for verb in verbs)


def catalog_of(
    snapshot: Snapshot, needs: Iterable[PermissionNeed], paths: Iterable[EscalationPath]
) -> OperationCatalog:
    """Return the catalog for one cluster."""
    named = {pair for statement in known_statements(snapshot, needs) for pair in _named_actions(statement)}
    of_data = {action.lower() for action, plane in known() if plane == DATA}
    named.update((action, CONTROL) for path in paths for action in path.actions if action.lower() not in of_data)
    return _catalog(frozenset(named))


@lru_cache(maxsize=4)
def _catalog(named: frozenset[tuple[str, str]]) -> OperationCatalog:
    """Return the catalog of the known operations and of ``named``. Clusters of one installer name the same ones."""
    return OperationCatalog((*known(), *sorted(named)))


def _named_actions(statement: Statement) -> Iterator[tuple[str, str]]:
    """Yield the actions that a statement names. For a pattern, yield an unlisted action that matches it."""
    planes = {resource.partition(":")[0] for resource in statement.resources} & {CONTROL, DATA}
    for text in statement.actions:
        provider, _, name = text.partition(":")
        if "*" not in provider and name not in {"", "*"}:
            later = name.replace("*", _LATER) + ("/action" if name.endswith("*") else "")
            yield from ((f"{provider}:{later}", plane) for plane in planes)

"""The catalog of Google Cloud permissions: those in the roles that were read, in needs or in escalation paths.

No public package lists Google's permissions.
"""

from __future__ import annotations

import tomllib
from collections.abc import Collection, Iterable
from functools import cache
from importlib.resources import files
from typing import Any, Final

from cloudguard.model.iam_catalog import Access, EscalationPath, PermissionNeed
from cloudguard.model.snapshot import Snapshot
from cloudguard.provider.context_free import ContextFree
from cloudguard_gcp.access.resource_names import resource_formats

_HERE: Final = "cloudguard_gcp.iam_catalog"


class RoleCatalog(ContextFree):
    """A catalog of the given actions ("compute:instances.list"). Patterns are left out."""

    def __init__(self, actions: Iterable[str]) -> None:
        self._actions: dict[str, set[str]] = {}
        for action in actions:
            service, _, name = action.partition(":")
            if "*" not in action and name:
                self._actions.setdefault(service, set()).add(name)

    @property
    def version(self) -> str:
        """The number of permissions in the catalog, and their sources."""
        return f"{sum(map(len, self._actions.values()))} permissions of the roles that were read and of the needs"

    @property
    def services(self) -> Collection[str]:
        """The services."""
        return self._actions.keys()

    def actions(self, service: str) -> Iterable[str]:
        """Return the actions of a service."""
        return sorted(self._actions.get(service, ()))

    def resource_formats(self, action: str) -> Iterable[str]:
        """Return the resource formats of an action."""
        return resource_formats(action)

    def access(self, action: str) -> Access:
        """Return the kind of access: DATA if ``reading.toml`` lists the action, else by its verb."""
        table: dict[str, Any] = reading()
        verb = action.rpartition(".")[2]
        if action in table["data"]:
            return Access.DATA
        only_reads = verb in table["verbs"] or verb.startswith(tuple(table["prefixes"]))
        return Access.LIST if only_reads else Access.WRITE


@cache
def reading() -> dict[str, Any]:
    """Return ``reading.toml``: "verbs" and "prefixes" of actions that only read, and "data", actions that read data."""
    table = tomllib.loads(files(_HERE).joinpath("reading.toml").read_text(encoding="utf-8"))
    return {**table, "data": frozenset(table["data"])}


def catalog_of(snapshot: Snapshot, needs: Iterable[PermissionNeed], paths: Iterable[EscalationPath]) -> RoleCatalog:
    """Return the catalog for one cluster."""
    statements = (statement for policy in snapshot.identities.policies for statement in policy.statements)
    needed = (statement for need in needs for statement in need.statements)
    actions = {action for statement in (*statements, *needed) for action in statement.actions}
    return RoleCatalog(actions | {action for path in paths for action in path.actions})

"""The catalog of Google Cloud permissions: those in the roles that were read, in needs or in escalation paths.

No public package lists Google's permissions.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any

from cloudguard.model.iam_catalog import Access, EscalationPath, PermissionNeed
from cloudguard.model.snapshot import Snapshot
from cloudguard.provider.iam.action_lists import ActionList, known_statements
from cloudguard.tables import table_of
from cloudguard_gcp.access.resource_names import resource_formats


class RoleCatalog(ActionList):
    """A catalog of the given actions ("compute:instances.list"). Patterns are left out."""

    def __init__(self, actions: Iterable[str]) -> None:
        super().__init__(action for action in actions if "*" not in action and action.partition(":")[2])

    @property
    def version(self) -> str:
        """The number of permissions in the catalog, and their sources."""
        return f"{sum(map(len, self._actions.values()))} permissions of the roles that were read and of the needs"

    def resource_formats(self, action: str) -> Iterable[str]:
        """Return the resource formats of an action."""
        return resource_formats(action)

    def access(self, action: str) -> Access:
        """Return the kind of access: DATA if ``reading.toml`` lists the action, else by its verb."""
        table, verb = reading(), action.rpartition(".")[2]
        if action in table["data"]:
            return Access.DATA
        only_reads = verb in table["verbs"] or verb.startswith(tuple(table["prefixes"]))
        return Access.LIST if only_reads else Access.WRITE


@cache
def reading() -> Mapping[str, Any]:
    """Return ``reading.toml``: "verbs" and "prefixes" of actions that only read, and "data", actions that read data."""
    table = table_of("cloudguard_gcp.iam_catalog", "reading.toml")
    return {**table, "data": frozenset(table["data"])}


def catalog_of(snapshot: Snapshot, needs: Iterable[PermissionNeed], paths: Iterable[EscalationPath]) -> RoleCatalog:
    """Return the catalog for one cluster."""
    actions = {action for statement in known_statements(snapshot, needs) for action in statement.actions}
    return RoleCatalog(actions | {action for path in paths for action in path.actions})

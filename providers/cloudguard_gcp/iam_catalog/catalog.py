"""The permissions that are told apart: those that the roles which were read hold, that are needed, or that give power.

No public package lists Google's permissions; the roles themselves do, one by one.
"""

from __future__ import annotations

import tomllib
from collections.abc import Collection, Iterable
from functools import cache
from importlib.resources import files
from typing import Any, Final

from cloudguard.model.iam_catalog import Access, EscalationPath, PermissionNeed
from cloudguard.model.snapshot import Snapshot
from cloudguard_gcp.identity.resource_names import forms

_HERE: Final = "cloudguard_gcp.iam_catalog"


class RoleCatalog:
    """Actions by service, as far as they came up."""

    def __init__(self, actions: Iterable[str]) -> None:
        self._actions: dict[str, set[str]] = {}
        for one in actions:
            service, _, rest = one.partition(":")
            if "*" not in one and rest:
                self._actions.setdefault(service, set()).add(rest)

    @property
    def version(self) -> str:
        """What it is made of."""
        return (
            f"the {sum(map(len, self._actions.values()))} permissions of the roles that were read and of what is needed"
        )

    @property
    def services(self) -> Collection[str]:
        """The services."""
        return self._actions.keys()

    def actions(self, service: str) -> Iterable[str]:
        """Return the actions of a service."""
        return sorted(self._actions.get(service, ()))

    def resource_formats(self, action: str) -> Iterable[str]:
        """Return the forms of resource names that an action takes."""
        return forms(action)

    def multivalued(self, key: str) -> bool:
        """Whether a condition's key may have several values: none does."""
        del key
        return False

    def access(self, action: str) -> Access:
        """Return what an action does, by its verb; reads of data are listed."""
        written: dict[str, Any] = reading()
        verb = action.rpartition(".")[2]
        if action in written["data"]:
            return Access.DATA
        listing = verb in written["verbs"] or verb.startswith(tuple(written["prefixes"]))
        return Access.LIST if listing else Access.WRITE


@cache
def reading() -> dict[str, Any]:
    """Return which actions only read, and which of those read data."""
    found = tomllib.loads(files(_HERE).joinpath("reading.toml").read_text(encoding="utf-8"))
    return {**found, "data": frozenset(found["data"])}


def catalog_of(snapshot: Snapshot, needs: Iterable[PermissionNeed], ways: Iterable[EscalationPath]) -> RoleCatalog:
    """Return the catalog of one cluster."""
    held = (statement for policy in snapshot.identities.policies for statement in policy.statements)
    needed = (statement for one in needs for statement in one.statements)
    actions = {action for statement in (*held, *needed) for action in statement.actions}
    return RoleCatalog(actions | {action for way in ways for action in way.actions})

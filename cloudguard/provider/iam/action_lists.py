"""The part of an action catalog that all clouds without condition context have in common."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping

from cloudguard.model.iam_catalog import PermissionNeed
from cloudguard.model.identity import Statement
from cloudguard.model.snapshot import Snapshot


class ActionList:
    """Actions ("service:Name") by service. No service fixes a condition key, and no key has several values."""

    def __init__(self, actions: Iterable[str]) -> None:
        self._actions: dict[str, dict[str, str]] = {}
        for action in actions:
            service, _, name = action.partition(":")
            self._actions.setdefault(service.lower(), {}).setdefault(name.lower(), name)

    @property
    def services(self) -> Collection[str]:
        """The services in lower case."""
        return self._actions.keys()

    def actions(self, service: str) -> Iterable[str]:
        """Return the names of a service's actions."""
        return sorted(self._actions.get(service.lower(), {}).values())

    def multivalued(self, key: str) -> bool:
        """Whether a condition key may have several values: always False."""
        del key
        return False

    def service_context(self, service: str) -> Mapping[str, str]:
        """Return an empty mapping: no service fixes a condition key."""
        del service
        return {}


def known_statements(snapshot: Snapshot, needs: Iterable[PermissionNeed]) -> Iterator[Statement]:
    """Yield the statements of all policies of a snapshot and of all needs."""
    for policy in snapshot.identities.policies:
        yield from policy.statements
    for need in needs:
        yield from (*need.statements, *need.documented)

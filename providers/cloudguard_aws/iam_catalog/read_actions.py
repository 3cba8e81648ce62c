"""The kind of data in the answers of AWS's read actions: settings, or secrets and data that users stored.

``read_actions.toml`` lists actions that were reviewed by hand. ``settings_reads.toml`` lists actions whose answers are
described in the SDK's service models. AWS's own level "List" covers names and states, not contents
(https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_understand-policy-summary-access-level-summaries.html).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase
from functools import cache
from typing import Any, Final

from cloudguard.model.iam_catalog import Access
from cloudguard.tables import table_of

_PACKAGE: Final = "cloudguard_aws.iam_catalog"
_LIST, _READ = "List", "Read"
_CALLED_READS: Final = frozenset({_LIST, _READ})


class ReadActions:
    """The kinds of access of actions with AWS's access level "Read" or "List"."""

    def __init__(self) -> None:
        self._groups: dict[str, list[tuple[str, Access]]] = {}
        for group in read_groups():
            for action in group["actions"]:
                service, _, name = action.lower().partition(":")
                self._groups.setdefault(service, []).append((name, Access(group["access"])))
        written = table_of(_PACKAGE, "settings_reads.toml")
        self._settings = {service: frozenset(names.lower().split()) for service, names in written["settings"].items()}
        self._contents = {service: frozenset(names.lower().split()) for service, names in written["contents"].items()}

    def access(self, action: str, level: str) -> Access:
        """Return the kind of access of an action. ``level``: its AWS access level ("": the action is not listed)."""
        service, _, name = action.lower().partition(":")
        named = next(self._access_by_patterns(service, name), None)
        if level not in _CALLED_READS:
            return Access.DATA if named is Access.DATA else Access.WRITE
        if named is not None:
            return named
        holds_contents = name in self._contents.get(service, ())
        settings = level == _LIST or name in self._settings.get(service, ())
        return Access.LIST if settings and not holds_contents else Access.DATA

    def _access_by_patterns(self, service: str, name: str) -> Iterator[Access]:
        for group in (service, "*"):
            yield from (access for pattern, access in self._groups.get(group, ()) if fnmatchcase(name, pattern))


@cache
def read_actions() -> ReadActions:
    """Return the kinds of access. The files are read once per process."""
    return ReadActions()


def read_groups() -> tuple[Mapping[str, Any], ...]:
    """Return the groups of ``read_actions.toml`` unchanged, with the keys "access", "what", "source" and "actions"."""
    return tuple(table_of(_PACKAGE, "read_actions.toml")["group"])

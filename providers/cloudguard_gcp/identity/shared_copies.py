"""With whom disks of etcd and their copies are shared: by their own allow policies, and by those above them.

Whoever may make a disk or an instance from a copy can read it. So can whoever may change its policy
(https://cloud.google.com/compute/docs/access/iam-permissions).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from typing import Final

from cloudguard.model.cluster import Disk, DiskSnapshot
from cloudguard.model.source import FactKind, Reason
from cloudguard.values import dataclass
from cloudguard_gcp.access import calls
from cloudguard_gcp.access.api import Api
from cloudguard_gcp.access.calls import Call
from cloudguard_gcp.access.links import last, part_of, project_of
from cloudguard_gcp.access.resource_names import is_consumers, is_googles, owner_of
from cloudguard_gcp.identity.bindings import EVERYONE, Binding, bindings_of
from cloudguard_gcp.identity.conditions import NAME, is_met
from cloudguard_gcp.identity.levels import Level, organization_of, read_levels
from cloudguard_gcp.identity.resource_attributes import SERVICE, TYPE
from cloudguard_gcp.identity.roles import Roles

_HIDES: Final = (FactKind.DISKS,)
_ALL: Final = "allAuthenticatedUsers"
_BASIC: Final = ("projectOwner:", "projectEditor:", "projectViewer:")
"""Members that stand for all who have a basic role on a project (https://cloud.google.com/iam/docs/principal-identifiers).
"""
_ACCOUNTS: Final = ("serviceAccount:", "principal://iam.googleapis.com/projects/-/serviceAccounts/")
_GONE: Final = "deleted:"
_POD: Final = re.compile(r"(?:serviceAccount:|principal.*/workloadIdentityPools/)([^/\[\]]+)\.svc\.id\.goog[\[/]")
"""A service account of Kubernetes, in the pool of a project's GKE clusters."""
_COMPUTE: Final = "compute.googleapis.com"
_DISK: Final = "disk"


@dataclass(frozen=True, slots=True)
class _Kind:
    """A kind of copy: the word in its permissions, its type in conditions ("": it has no attributes), and its calls.

    ``calls``: the calls that read its policy, by the scope in its link. ``more``: further verbs that read it.
    """

    word: str
    type: str
    calls: Mapping[str, Call]
    more: tuple[str, ...] = ()

    @property
    def reading(self) -> frozenset[str]:
        """The permissions to read it."""
        return frozenset(f"compute.{self.word}.{verb}" for verb in ("useReadOnly", "setIamPolicy", *self.more))


_KINDS: Final[Mapping[str, _Kind]] = {
    _DISK: _Kind(
        "disks",
        "Disk",
        {"zones": calls.GET_DISK_POLICY, "regions": calls.GET_REGION_DISK_POLICY},
        ("use", "createSnapshot"),
    ),
    "snapshot": _Kind("snapshots", "Snapshot", {"global": calls.GET_SNAPSHOT_POLICY}),
    "instant snapshot": _Kind(
        "instantSnapshots",
        "",
        {"zones": calls.GET_INSTANT_SNAPSHOT_POLICY, "regions": calls.GET_REGION_INSTANT_SNAPSHOT_POLICY},
        ("export",),
    ),
    "image": _Kind("images", "Image", {"global": calls.GET_IMAGE_POLICY}),
    "machine image": _Kind("machineImages", "", {"global": calls.GET_MACHINE_IMAGE_POLICY}),
}
"""https://cloud.google.com/iam/docs/conditions-resource-attributes has the types."""


def with_outsiders(
    api: Api, own_names: Sequence[str], disks: Iterable[Disk], copies: Iterable[DiskSnapshot]
) -> tuple[tuple[Disk, ...], tuple[DiskSnapshot, ...]]:
    """Return disks and copies with those outside the project who may read them.

    ``own_names``: the project's id and number. A disk that is its own copy is left out if it is not shared.
    """
    disks, copies = tuple(disks), tuple(copies)
    listed = [copy for some in (copies, *(disk.snapshots for disk in disks)) for copy in some]
    if not listed:
        return disks, copies
    sharing = _Sharing(api, own_names, read_levels(api, own_names[0]), Roles(api))
    answers = api.gather(*(partial(sharing.of, copy) for copy in listed))
    shared = {copy.id: members for copy, members in zip(listed, answers, strict=True)}

    def with_members(some: Iterable[DiskSnapshot]) -> tuple[DiskSnapshot, ...]:
        found = (replace(copy, shared_with=shared[copy.id]) for copy in some)
        return tuple(copy for copy in found if copy.id != copy.disk or copy.shared_with != ())

    return tuple(replace(disk, snapshots=with_members(disk.snapshots)) for disk in disks), with_members(copies)


@dataclass(frozen=True, slots=True)
class _Sharing:
    """Finds who may read a copy. ``own_names``: the project's id and number. ``levels``: the project and above."""

    api: Api
    own_names: Sequence[str]
    levels: tuple[Level, ...]
    roles: Roles

    def of(self, copy: DiskSnapshot) -> tuple[str, ...] | None:
        """Return the outsiders who may read a copy; None if this is unknown, and none of them certainly may."""
        own = self._own_policy(copy)
        readers = [*self._readers(copy, own or (), self._is_outsider)]
        for level in self.levels if own is not None else ():
            readers += self._readers(copy, level.bindings, self._is_certain_outsider)
        if copy.id != copy.disk and not all(level.complete for level in self.levels):
            readers.append((_ALL, False))  # a policy above the copy was not read
        members = tuple(sorted({_ALL if member in EVERYONE else member for member, certain in readers if certain}))
        return members if members or (own is not None and not readers) else None

    def _own_policy(self, copy: DiskSnapshot) -> tuple[Binding, ...] | None:
        """Return the bindings of a copy's own policy; None if it was not read, for example in another project."""
        by_scope, name = _KINDS[copy.kind].calls, copy.id
        scope = next((scope for scope in by_scope if f"/{scope}/" in name), "")
        if not scope or project_of(name) != self.own_names[0]:
            return None
        call, about = by_scope[scope], last(name)
        place = {} if scope == "global" else {scope.removesuffix("s"): part_of(name, scope)}
        where = {"project": self.own_names[0], "resource": about, **place}
        if copy.kind == _DISK and self._is_gone(call, where):
            return ()
        policy = self.api.read_or_none(call, hides=_HIDES, about=about, **where)
        if policy is None:
            return None
        bindings, complete = bindings_of(self.api, call, policy, about, _HIDES)
        return bindings if complete else None

    def _is_gone(self, call: Call, where: Mapping[str, str]) -> bool:
        """Whether a disk that was listed does not exist any more."""
        try:
            self.api.ask(call, **where)
        except Api.errors() as error:
            return Api.explain(error)[0] is Reason.MISSING
        return False

    def _readers(
        self, copy: DiskSnapshot, bindings: Iterable[Binding], is_outside: Callable[[str], bool]
    ) -> Iterator[tuple[str, bool]]:
        """Yield the members of bindings who may read a copy, and whether they certainly may."""
        attributes, now = self._attributes(copy), datetime.now(UTC)
        for binding in bindings:
            outsiders = [member for member in binding.members if is_outside(member)]
            met = is_met(binding.condition, attributes, now) if outsiders else False
            if met is False:
                continue
            role = self.roles.role(binding.role)
            reads = role is not None and not _KINDS[copy.kind].reading.isdisjoint(role.permissions)
            if reads or role is None or role.read:
                yield from ((member, reads and met is True) for member in outsiders)

    def _attributes(self, copy: DiskSnapshot) -> Mapping[str, frozenset[str]]:
        """Return the attributes of a copy in conditions, in which its project may be an id or a number."""
        kind = _KINDS[copy.kind].type
        if not kind:
            return {}
        rest = copy.id.removeprefix(f"projects/{self.own_names[0]}/")
        names = frozenset(f"projects/{name}/{rest}" for name in self.own_names)
        return {NAME: names, TYPE: frozenset({f"{_COMPUTE}/{kind}"}), SERVICE: frozenset({_COMPUTE})}

    def _is_outsider(self, member: str) -> bool:
        """Whether a member of a copy's own policy is not the project's own."""
        if (pod := _POD.match(member)) and pod[1] in self.own_names:
            return False
        if account := next((member.removeprefix(start) for start in _ACCOUNTS if member.startswith(start)), ""):
            return owner_of(account) not in self.own_names and not _is_of_no_project(account)
        own_basic = member.startswith(_BASIC) and member.partition(":")[2] in self.own_names
        return not own_basic and not member.startswith(_GONE)

    def _is_certain_outsider(self, member: str) -> bool:
        """Whether a member of a policy above the copy is certainly outside: an account of another project, or everyone.

        People and groups are assumed to belong to the organization. Private Google Accounts belong to none.
        """
        if member in EVERYONE:
            return True
        if member.startswith(_ACCOUNTS):
            return self._is_outsider(member)
        return is_consumers(member) and organization_of(self.levels) is not None


def _is_of_no_project(account: str) -> bool:
    """Whether an account is one of Google's for no project."""
    return is_googles(account) and not owner_of(account)

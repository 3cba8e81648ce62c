"""The permissions that identities gained between two snapshots: requests that only the later snapshot allows."""

from __future__ import annotations

from dataclasses import astuple

from cloudguard.authorization.excess import Comparer
from cloudguard.comparison.gains import Gains
from cloudguard.model.iam_catalog import IamCatalog
from cloudguard.model.identity import Identity
from cloudguard.model.snapshot import Snapshot
from cloudguard.model.source import FactKind
from cloudguard.permission_sets.actions import ActionTable
from cloudguard.permission_sets.boxes import Box
from cloudguard.permission_sets.permissions import PermissionSet
from cloudguard.results.comparison import PermissionChange, Requests
from cloudguard.results.wording import actions_text
from cloudguard.values import dataclass

_HIDES = frozenset({FactKind.IDENTITIES})


@dataclass(frozen=True, slots=True)
class CatalogedSnapshot:
    """A snapshot with its provider's IAM catalog."""

    snapshot: Snapshot
    catalog: IamCatalog


def gains(before: CatalogedSnapshot, after: CatalogedSnapshot) -> Gains[PermissionChange]:
    """Return the permissions that identities gained from ``before`` to ``after``. With swapped arguments: lost."""
    identities = after.snapshot.identities
    here = Comparer(after.snapshot.cluster, identities, after.catalog, other_identities=before.snapshot.identities)
    there = Comparer(before.snapshot.cluster, before.snapshot.identities, before.catalog, space=here.space)
    known = {identity.id: identity for identity in before.snapshot.identities.identities}
    unread = bool(before.snapshot.gaps_hiding(_HIDES))
    certain, perhaps = list[PermissionChange](), list[str]()
    for identity in identities.identities:
        now = here.harmful(here.effective(identity).permissions)
        earlier = known.get(identity.id)
        then = there.effective(earlier).permissions if earlier else PermissionSet(here.space, ())
        if earlier is None and unread:
            perhaps.append(f"permissions of {_name(identity)}: they were not read before")
            continue
        gained = (now.lower - then.upper).lower
        if gained:
            certain.append(_change(identity, gained))
        if now.assumptions != then.assumptions and ((now.upper - then.lower) - gained).upper:
            perhaps.append(f"permissions of {_name(identity)}: {'; '.join(now.assumptions + then.assumptions)}")
    return Gains(tuple(certain), tuple(dict.fromkeys(perhaps)))


def _name(identity: Identity) -> str:
    return identity.name or identity.id


def _change(identity: Identity, requests: PermissionSet) -> PermissionChange:
    table, request = requests.space.table, requests.witness()
    witness = f"{request.action} on {request.name}" if request else "a request without an example name"
    parts = sorted((_requests(table, box) for box in requests.boxes), key=astuple)
    return PermissionChange(
        identity.id, identity.name, actions_text(table, requests.actions, None), witness, tuple(parts)
    )


def _requests(table: ActionTable, box: Box) -> Requests:
    conditions = sorted(f"{key} is {constraint}" for key, constraint in box.scope.context.items())
    return Requests(actions_text(table, box.actions, None), str(box.scope.names), tuple(conditions))

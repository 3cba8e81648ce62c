"""The permissions that identities gained between two snapshots, as sets of requests with a witness."""

from __future__ import annotations

from dataclasses import replace

from builders import SOURCE, snapshot
from cloudguard.comparison.access import access_changes
from cloudguard.model.identity import Condition, Identities, Identity, Statement
from cloudguard.model.snapshot import Snapshot
from cloudguard.model.source import FactKind, Gap, Reason
from cloudguard.results.comparison import AccessChanges, PermissionChange
from identities import ROLE, allow, deny, document, iam_catalog


def made(*statements: Statement, role: str = ROLE, complete: bool = True) -> Snapshot:
    """Return a snapshot with one identity, whose policy has ``statements``."""
    identity = Identity(role, role.rpartition("/")[2], ("node",), ("p",), SOURCE, complete=complete)
    return snapshot(identities=Identities((identity,), (document(*statements),)))


def changes(old: Snapshot, new: Snapshot) -> AccessChanges:
    """Return the opened and closed permissions."""
    return access_changes(old, new, (iam_catalog(), iam_catalog()))


READS = allow("disk:DescribeVolumes")


def test_a_new_grant_opens_permissions_and_a_new_deny_closes_some() -> None:
    old = made(READS, allow("disk:DeleteVolume", on=("n:p:disk:*:*:volume/a",)))
    new = made(READS, allow("disk:DeleteVolume", on=("n:p:disk:*:*:volume/*",)), deny("disk:DescribeVolumes"))
    access = changes(old, new)
    (opened,), (closed,) = access.opened, access.closed
    assert isinstance(opened, PermissionChange)
    assert isinstance(closed, PermissionChange)
    assert (opened.identity, opened.actions, closed.actions) == (ROLE, "disk:DeleteVolume", "disk:DescribeVolumes")
    assert opened.witness == "disk:DeleteVolume on n:p:disk:any:1:volume/any"
    assert [(request.actions, request.resources, request.conditions) for request in opened.requests] == [
        ("disk:DeleteVolume", "n:p:disk:*:*:(volume/* and not volume/a)", ())
    ]
    assert access.undecided == ()


def test_opened_permissions_name_their_condition() -> None:
    prod = Condition("StringEquals", "tag/env", ("prod",))
    new = made(READS, replace(allow("disk:DeleteVolume", on=("n:p:disk:*:*:volume/*",)), conditions=(prod,)))
    (opened,) = changes(made(READS), new).opened
    assert isinstance(opened, PermissionChange)
    assert [request.conditions for request in opened.requests] == [("tag/env is prod",)]


def test_equal_grants_in_other_statements_change_nothing() -> None:
    old = made(allow("disk:DescribeVolumes", "disk:DeleteVolume"))
    new = made(allow("disk:DeleteVolume"), allow("disk:DescribeVolumes"))
    assert changes(old, new) == AccessChanges()


def test_an_unread_policy_opens_and_closes_nothing_and_is_undecided() -> None:
    known = made(READS)
    access = changes(known, made(READS, complete=False))
    assert (access.opened, access.closed) == ((), ())
    assert any("masters" in line for line in access.undecided)


def test_a_new_identity_gained_all_unless_identities_were_unread_before() -> None:
    new, gap = made(READS, role="n:p:role::1:role/ci"), Gap("x", "*", Reason.DENIED, "no", (FactKind.IDENTITIES,))
    old = snapshot(identities=Identities())
    assert [change.witness.split()[0] for change in changes(old, new).opened] == ["disk:DescribeVolumes"]
    unread = changes(replace(old, gaps=(gap,)), new)
    assert unread.opened == ()
    assert any("ci" in line for line in unread.undecided)

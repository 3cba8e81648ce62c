"""etcd-encryption: the keys of copies of disks that hold etcd, if a customer key is required."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from builders import CONTROL_PLANE, SAID, SOURCE, host, snapshot
from cloudguard.model.cluster import Disk, DiskSnapshot
from cloudguard.model.keys import Key, KeyManager, KeyState
from cloudguard.model.snapshot import Snapshot
from cloudguard.needs.declarations import Declarations
from cloudguard.results.finding import Severity
from cloudguard.results.report import RowResult, Verdict
from judged import rows_of

STRICT = Declarations(require_customer_key=True)
OWN = Key("own", KeyManager.CUSTOMER, KeyState.ENABLED, SOURCE)
THEIRS = Key("theirs", KeyManager.PROVIDER, KeyState.ENABLED, SOURCE)
VOLUME = Disk("d1", "", "cp", "/dev/b", encrypted=True, key="own", source=SOURCE)
COPY_KEYS: list[tuple[dict[str, Any], Verdict]] = [
    ({"key": "own"}, Verdict.PASS),
    ({"key": "theirs"}, Verdict.FAIL),
    ({"key": "unread"}, Verdict.UNKNOWN),
    ({}, Verdict.UNKNOWN),
    ({"customer_key": False}, Verdict.FAIL),
    ({"key": "unread", "customer_key": True}, Verdict.PASS),
]


def copy(of: str, **fields: Any) -> DiskSnapshot:  # noqa: ANN401 - any of its fields
    return replace(DiskSnapshot("snap", of, encrypted=True, shared_with=(), source=SOURCE), **fields)


def account(former: DiskSnapshot | None = None, of_disk: DiskSnapshot | None = None) -> Snapshot:
    """Return a snapshot with an encrypted disk, and a copy of it or of a former disk."""
    disk = replace(VOLUME, snapshots=(of_disk,) if of_disk else ())
    facts = snapshot([host("cp", CONTROL_PLANE)], disks=[disk], keys=[OWN, THEIRS])
    return replace(facts, cluster=replace(facts.cluster, copies=(former,) if former else ()))


def row(facts: Snapshot, policy: Declarations | None = None) -> RowResult:
    return rows_of(facts, policy)["etcd-encryption"]


@pytest.mark.parametrize(("named", "verdict"), COPY_KEYS)
@pytest.mark.parametrize("former", [False, True])
def test_a_required_customer_key_is_required_of_copies_too(
    named: dict[str, Any], verdict: Verdict, *, former: bool
) -> None:
    """A snapshot file of an older version names no key: it was not asked for."""
    of_disk = copy(VOLUME.id, **named)
    facts = account(replace(of_disk, disk="", evidence=SAID)) if former else account(of_disk=of_disk)
    assert row(facts).verdict is Verdict.PASS
    result = row(facts, STRICT)
    assert result.verdict is verdict
    if verdict is Verdict.FAIL:
        (finding,) = result.findings
        assert (finding.check, finding.severity) == ("etcd-encryption/customer-key", Severity.MEDIUM)
        assert finding.changes == ("copy.rekey:snap",)


def test_an_unencrypted_copy_is_not_asked_for_its_key() -> None:
    result = row(account(of_disk=replace(copy(VOLUME.id), encrypted=False)), STRICT)
    assert [finding.check for finding in result.findings] == ["etcd-encryption/snapshot"]
    assert result.unknown == ()


@pytest.mark.parametrize(("customer_key", "verdict"), [(True, Verdict.PASS), (False, Verdict.UNKNOWN)])
def test_a_copy_that_may_hold_etcd_s_data_leaves_its_key_open(*, customer_key: bool, verdict: Verdict) -> None:
    assert row(account(copy("", customer_key=customer_key)), STRICT).verdict is verdict

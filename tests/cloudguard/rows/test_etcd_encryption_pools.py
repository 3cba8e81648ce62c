"""etcd-encryption: the keys of the disks that a pool's next host would hold etcd on."""

from __future__ import annotations

import pytest

from builders import CONTROL_PLANE, SOURCE, host, snapshot
from cloudguard.model.cluster import Disk, DiskTemplate, Pool
from cloudguard.model.keys import Key, KeyManager, KeyState
from cloudguard.needs.declarations import Declarations
from cloudguard.results.finding import Severity
from cloudguard.results.report import RowResult, Verdict
from judged import rows_of

OWN = Key("k", KeyManager.CUSTOMER, KeyState.ENABLED, SOURCE)
THEIRS = Key("theirs", KeyManager.PROVIDER, KeyState.ENABLED, SOURCE)


def row(template: DiskTemplate, *, required: bool) -> RowResult:
    """Return the row for a host whose disk has a customer key, and a pool with ``template``."""
    disk = Disk("d1", "", "cp", "/dev/b", encrypted=True, key="k", source=SOURCE)
    pool = Pool("asg", "masters", CONTROL_PLANE, (), ("private",), ("m",), ("m",), SOURCE, disks=(template,))
    facts = snapshot([host("cp", CONTROL_PLANE)], disks=[disk], keys=[OWN, THEIRS], pools=[pool])
    return rows_of(facts, Declarations(require_customer_key=required))["etcd-encryption"]


@pytest.mark.parametrize(
    ("named", "customer", "verdict"),
    [
        ("", False, Verdict.FAIL),
        ("alias/own", True, Verdict.PASS),
        ("k", None, Verdict.PASS),
        ("theirs", None, Verdict.FAIL),
        ("unread", None, Verdict.UNKNOWN),
        ("", None, Verdict.UNKNOWN),
    ],
)
def test_the_next_host_s_disk_needs_a_customer_key_if_one_is_required(
    named: str, verdict: Verdict, *, customer: bool | None
) -> None:
    template = DiskTemplate("/dev/a", encrypted=True, key=named, customer_key=customer)
    result = row(template, required=True)
    assert result.verdict is verdict
    shown = [
        (finding.check, finding.severity, finding.resource.id)
        for finding in result.findings
        if finding.severity > Severity.LOW
    ]
    wanted = [("etcd-encryption/customer-key", Severity.MEDIUM, "asg")] if verdict is Verdict.FAIL else []
    assert shown == wanted
    assert row(template, required=False).verdict is Verdict.PASS

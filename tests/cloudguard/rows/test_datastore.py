"""Clusters where etcd runs, and clusters with a database instead."""

from __future__ import annotations

from dataclasses import replace

import pytest

from builders import CONTROL_PLANE, NODE, SOURCE, group, host, snapshot
from cloudguard.model.cluster import Datastore, Disk, EvidenceKind, RoleEvidence, Strength
from cloudguard.results.report import Verdict
from judged import rows_of

STACKED = RoleEvidence(EvidenceKind.HOSTS, "no host runs only etcd, so control-plane hosts run it")
DATABASE = Datastore("state", "mysql", encrypted=False, source=SOURCE)
ROWS = ("etcd-access", "etcd-encryption")


def verdicts(installer: str, *databases: Datastore, stacked: bool = True) -> dict[str, Verdict]:
    master = host("cp", CONTROL_PLANE, "m")
    master = replace(master, role_evidence=(*master.role_evidence, *([STACKED] if stacked else [])))
    disks = [Disk("d", "", "cp", "/dev/a", encrypted=True, key="", source=SOURCE)]
    hosts = [master, host("n", NODE, "n")]
    facts = snapshot(hosts, [group("m"), group("n")], disks=disks, installer=installer, shown=Strength.WEAK)
    rows = rows_of(replace(facts, cluster=replace(facts.cluster, datastores=databases)))
    for row in ROWS if databases and stacked else ():
        assert "state (mysql, not encrypted)" in rows[row].why
        assert "--etcd-tag" in rows[row].why
    return {row: rows[row].verdict for row in ROWS}


@pytest.mark.parametrize("installer", ["k3s", "rke2", "unknown"])
def test_with_a_database_instead_of_etcd_the_etcd_rows_are_unknown(installer: str) -> None:
    assert set(verdicts(installer, DATABASE).values()) == {Verdict.UNKNOWN}
    assert set(verdicts(installer, DATABASE, stacked=False).values()) == {Verdict.PASS}


def test_k3s_runs_etcd_only_on_request() -> None:
    assert set(verdicts("k3s").values()) == {Verdict.UNKNOWN}
    assert set(verdicts("k3s", stacked=False).values()) == {Verdict.PASS}
    assert set(verdicts("rke2").values()) == {Verdict.PASS}


def test_a_host_s_name_alone_does_not_show_that_etcd_runs() -> None:
    named = RoleEvidence(EvidenceKind.NAME, "name etcd-1 suggests it", Strength.WEAK)
    hosts = [replace(host("etcd-1", CONTROL_PLANE, "m"), role_evidence=(named,)), host("n", NODE, "n")]
    facts = snapshot(hosts, [group("m"), group("n")], installer="k3s", shown=Strength.WEAK)
    rows = rows_of(replace(facts, cluster=replace(facts.cluster, datastores=(DATABASE,))))
    assert all(any(line.startswith("whether etcd runs") for line in rows[row].unknown) for row in ROWS)

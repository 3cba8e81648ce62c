"""A row shows the declarations it depends on. A declaration that allows everything is advice, and explains the PASS."""

from __future__ import annotations

from dataclasses import replace

import pytest

from builders import CONTROL_PLANE, NODE, WORLD, WORLD6, group, host, snapshot
from cloudguard.needs.declarations import Declarations, DeclaredNeed, DeclaredPermission, DeclaredService
from cloudguard.results.change import PeerOf, RuleEdit
from cloudguard.results.finding import Severity
from cloudguard.results.report import Verdict
from judged import changes_of, rows_of

OFFICE = "52.95.110.0/24"
MASTER = host("cp", CONTROL_PLANE, "masters", where="public", public="203.0.113.9")
WORKER = host("n1", NODE, "nodes", where="public", public="203.0.113.10")
ANY = Declarations(
    services=(DeclaredService("all", reason="agreement 1"),),
    needs=tuple(DeclaredNeed(WORLD, role, "all", "agreement 2") for role in ("control-plane", "etcd")),
    stated_in=(("service", "/srv/cloudguard.toml"),),
)


def test_a_row_that_passes_because_everything_is_declared_says_so() -> None:
    facts = snapshot([MASTER, WORKER], [group("masters", ("all", WORLD)), group("nodes", ("all", WORLD))])
    rows = rows_of(facts, ANY)
    for check, reason in (("node-access/declared", "agreement 1"), ("etcd-access/declared", "agreement 2")):
        row = rows[check.partition("/")[0]]
        assert row.verdict is Verdict.PASS
        assert row.why.startswith("passes because of a declaration: ")
        assert reason in row.why
        [finding] = [finding for finding in row.findings if finding.check == check]
        assert finding.severity is Severity.LOW
    [finding] = [finding for finding in rows["node-access"].findings if finding.check == "node-access/declared"]
    assert (finding.evidence[0].call, finding.evidence[0].fact) == (
        "/srv/cloudguard.toml",
        "all from 0.0.0.0/0, ::/0: agreement 1",
    )
    assert "need" in rows["node-access"].basis.declared
    assert rows["api-server-access"].verdict is Verdict.FAIL


@pytest.mark.parametrize("admins", [(WORLD,), ("0.0.0.0/1", "128.0.0.0/1"), ("8.0.0.0/14",), (WORLD, WORLD6)])
def test_ranges_that_cover_the_internet_do_not_count_as_administrators(admins: tuple[str, ...]) -> None:
    facts = snapshot([MASTER, WORKER], [group("masters", ("tcp/6443", admins[0])), group("nodes", ("tcp/6443", WORLD))])
    rows = rows_of(facts, Declarations(admin_cidrs=admins))
    assert [rows[name].verdict for name in ("api-server-access", "node-access")] == [Verdict.FAIL, Verdict.FAIL]


def test_with_a_reason_the_whole_internet_counts_as_administrators() -> None:
    facts = snapshot([MASTER], [group("masters", ("tcp/6443", WORLD))])
    row = rows_of(facts, Declarations(admin_cidrs=(WORLD,), admin_reason="a public test"))["api-server-access"]
    assert row.verdict is Verdict.PASS
    assert "a public test" in row.why
    assert row.basis.declared == ("admin-cidr", "admin-reason")
    assert [finding.check for finding in row.findings] == ["api-server-access/declared"]


def test_a_declared_permission_for_everything_is_shown_in_the_identities_row() -> None:
    master = DeclaredPermission("node", ("*",), ("*",), "an installer of ours")
    rows = rows_of(snapshot([WORKER], [group("nodes")]), Declarations(permissions=(master,)))
    assert [finding.check for finding in rows["cloud-api-access"].findings] == ["cloud-api-access/declared"]
    assert [finding.check for finding in rows["node-access"].findings if finding.check.endswith("declared")] == []


@pytest.mark.parametrize("world", [WORLD, WORLD6, "0.0.0.0/1"])
def test_the_witness_is_undeclared_and_the_declared_office_s_rule_stays(world: str) -> None:
    master = replace(MASTER, interfaces=(host("cp", CONTROL_PLANE, "masters", where="public", public="203.0.113.9",
                                              v6="2001:db8:0:1::9").interfaces[0],))  # fmt: skip
    facts = snapshot([master], [group("masters", ("tcp/443", OFFICE), ("tcp/443", world), ("tcp/443", "10.0.0.0/16"))])
    declared = Declarations(admin_cidrs=(OFFICE,), api_ports=("tcp/443",))
    row = rows_of(facts, declared)["api-server-access"]
    assert row.findings[0].severity >= Severity.HIGH
    assert all(not finding.witness.source.startswith("52.95.110.") for finding in row.findings)
    edits = [edit for change in changes_of(facts, declared) for edit in change.rule_edits]
    assert [edit.rule for edit in edits if edit.rule == "masters-0"] == []
    assert [edit for edit in edits if edit.after and edit.after.peer.value == OFFICE] == []


def test_small_ranges_are_a_finding_apart_from_the_open_rule() -> None:
    facts = snapshot([MASTER], [group("masters", ("tcp/6443", OFFICE), ("tcp/6443", WORLD6), ("tcp/6443", WORLD))])
    wide, narrow = rows_of(facts)["api-server-access"].findings
    assert (wide.severity, narrow.severity) == (Severity.CRITICAL, Severity.LOW)
    assert narrow.message.startswith(f"{OFFICE} on the internet can connect")
    assert {fact.rule for fact in narrow.evidence} == {"masters-0", ""}
    assert "masters-0" not in {fact.rule for fact in wide.evidence}


def test_many_small_ranges_together_are_critical() -> None:
    parts = [("tcp/6443", f"{number}.0.0.0/8") for number in range(11, 60)]
    [finding] = rows_of(snapshot([MASTER], [group("masters", *parts)]))["api-server-access"].findings
    assert finding.severity is Severity.CRITICAL


def test_a_message_names_only_the_ports_that_its_sender_reaches() -> None:
    nodes = group("nodes", ("tcp/8080", WORLD), ("tcp/9000", OFFICE))
    found = [finding.message for finding in rows_of(snapshot([WORKER], [nodes]))["node-access"].findings]
    assert "the internet can connect to tcp/8080 of 1 node" in found
    assert f"{OFFICE} on the internet can connect to tcp/9000 of 1 node" in found
    both = group("nodes", ("tcp/8080", "8.8.8.0/24"), ("tcp/9000", OFFICE))
    [finding] = rows_of(snapshot([WORKER], [both]))["node-access"].findings
    assert finding.message.startswith("8.8.8.0/24 on the internet can connect to tcp/8080, ")
    assert f"{OFFICE} on the internet to tcp/9000 of 1 node" in finding.message


def test_two_findings_have_different_messages() -> None:
    other = host("n2", NODE, "others", where="public", public="203.0.113.11")
    facts = snapshot([WORKER, other], [group("nodes", ("tcp/22", WORLD)), group("others", ("tcp/22", WORLD))])
    messages = [finding.message for finding in rows_of(facts)["node-access"].findings]
    assert len(set(messages)) == len(messages)
    assert "the internet can connect to tcp/22 of 1 node; filter others" in messages


def test_a_rule_is_not_replaced_by_itself() -> None:
    declared = Declarations(needs=(DeclaredNeed(OFFICE, "node", "tcp/22", "support"),))
    facts = snapshot([WORKER], [group("nodes", ("tcp/22", OFFICE), ("tcp/22", WORLD))])
    changes = changes_of(facts, declared)
    assert [change.rule for change in changes] == ["nodes-1"]
    after = [edit.after for edit in changes[0].edits if isinstance(edit, RuleEdit) and edit.after]
    assert [traffic for traffic in after if traffic.peer.kind is PeerOf.RANGE] == []

"""All formats are fed the same reports: each says the same, in order, and lets no name out of its place."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace

import pytest

import sample
from cloudguard.formats import diff, explain, hops, json_report, markdown, phrases, table
from cloudguard.model.filters import Direction
from cloudguard.packet_sets.services import ServiceSet
from cloudguard.results.change import (
    AttributeEdit,
    Change,
    Edit,
    ListEdit,
    PeerOf,
    Procedure,
    Resource,
    RuleEdit,
    RuleOp,
    RulePeer,
    RuleTraffic,
)
from cloudguard.results.finding import Severity, Waiver
from cloudguard.results.hop import Hop, HopKind
from cloudguard.results.report import Report

WAIVER = Waiver("ops", "it is a lab", "2027-01-01")
FULL = sample.report(
    sample.finding(1, Severity.LOW),
    sample.finding(2, Severity.CRITICAL, changes=("c-1",)),
    sample.finding(3, Severity.HIGH, waived=WAIVER),
    unknown=("the filter of n-1",),
    gaps=(sample.GAP,),
)
HOSTILE = sample.report(
    sample.finding(1, text=sample.HOSTILE), text=sample.HOSTILE, unknown=(sample.HOSTILE,), gaps=(sample.GAP,)
)
TEXTS: tuple[Callable[[Report], str], ...] = (table.render, markdown.render)


@pytest.mark.parametrize("render", TEXTS, ids=["table", "markdown"])
def test_people_read_it_in_the_promised_order(render: Callable[[Report], str]) -> None:
    text = render(FULL).replace("\\", "")
    parts = [
        "prod (kubeadm 1.33), memory 1234 here",
        "1 control-plane+etcd, 2 node",
        "auditor",
        "why prod",
        "all is well",
        "the filter of n-1",
        "000000000002",
        "witness open",
        "gate f-2 (open): rule r-1 (open)",
        "000000000003",
        "waived by ops until 2027-01-01: it is a lab",
        "000000000001",
        "--- filter f-1 (prod)",
        "- before prod",
        "+ after prod",
        "memory:ReadFilters",
        "access denied; grant memory:read",
        "1 critical, 1 low, 1 waived; 1 change proposed; INCOMPLETE; 1 gap",
    ]
    places = [text.find(part) for part in parts]
    assert -1 not in places, parts[places.index(-1)]
    assert places == sorted(places)
    assert text.endswith("\n")


def test_colour_is_on_severities_and_verdicts_only() -> None:
    coloured = table.render(FULL, color=True)
    assert "\x1b[1;31mcritical\x1b[0m" in coloured
    assert "\x1b[1;31mFAIL\x1b[0m" in coloured
    plain = coloured
    for code in ("\x1b[1;31m", "\x1b[31m", "\x1b[33m", "\x1b[36m", "\x1b[32m", "\x1b[1;33m", "\x1b[0m"):
        plain = plain.replace(code, "")
    assert plain == table.render(FULL)
    assert "\x1b" not in plain


def test_lines_are_broken_on_a_terminal_only() -> None:
    long = sample.report(sample.finding(text="word " * 60), text="name " * 30, gaps=(sample.GAP,))
    assert max(map(len, table.render(long).splitlines())) > 250
    narrow = table.render(long, width=80)
    assert max(map(len, narrow.splitlines())) <= 80
    assert narrow.split() == [word for word in table.render(long, width=80).split() if word]


def test_numbers_stay_as_they_are_written() -> None:
    assert "1e5" in table.grid([("1e5", "007")], ("A", "B"))
    assert "007" in table.grid([("1e5", "007")], ("A", "B"))


@pytest.mark.parametrize("width", [None, 40, 100])
def test_the_terminal_gets_no_control_characters(width: int | None) -> None:
    text = table.render(HOSTILE, width=width)
    assert "".join(text.split("\n")).isprintable()
    if width is None:
        assert "\\x1b[31mred\\x0d\\x0ab\\u202egnp" in text


def test_markdown_keeps_hostile_names_in_their_cells() -> None:
    text = markdown.render(HOSTILE)
    assert "".join(text.split("\n")).isprintable()
    row = next(line for line in text.splitlines() if line.startswith("| etcd-access"))
    assert row.replace("\\|", "").count("|") == 4
    outside = text.split("```diff")[0]
    assert "<b>" not in outside
    assert "[x]" not in outside
    assert "://" not in outside


def test_a_diff_cannot_leave_its_fence() -> None:
    text = markdown.render(sample.report(sample.finding(), text="x\n````\n# out"))
    fence = next(line for line in text.splitlines() if line.endswith("diff")).removesuffix("diff")
    assert len(fence) == 5
    assert text.splitlines().count(fence) == 1


def test_json_is_the_contract() -> None:
    text = json_report.render(FULL)
    document = json.loads(text)
    assert text.isascii()
    assert list(document) == ["schema", "tool", "started", "finished", "cluster", "complete", "rows", "plan", "gaps"]
    assert document["schema"] == "cloudguard/report/v1"
    assert document["complete"] is False
    assert document["tool"] == {"name": "cloudguard", "version": "0"}
    cluster = document["cluster"]
    assert {"name", "provider", "account", "region", "installer", "version", "hosts"} <= set(cluster)
    assert cluster["hosts"][0] | {"evidence": 0} == {
        "id": "m-1",
        "name": "m-1",
        "roles": ["control-plane", "etcd"],
        "addresses": ["10.0.0.10", "198.51.100.10"],
        "identity": "",
        "evidence": 0,
    }
    row = document["rows"][0]
    assert (row["row"], row["verdict"]) == ("etcd-access", "FAIL")
    low, critical, waived = row["findings"]
    assert (low["severity"], critical["severity"], waived["severity"]) == ("low", "critical", "high")
    assert critical["resource"] == {"kind": "filter", "id": "f-2", "name": "open"}
    assert critical["witness"] == {
        "summary": "witness open",
        "path": ["gate f-2 (open): rule r-1 (open)"],
        "facts": {"port": "open"},
        "source": "",
        "target": "",
        "service": "",
        "hops": [
            {"kind": "target-filter", "id": "f-2", "name": "open", "rule": "r-1", "lets": "open", "blamed": False}
        ],
    }
    assert critical["evidence"][0]["call"] == "memory:Read"
    assert critical["changes"] == ["c-1"]
    assert critical["waived"] is None
    assert waived["waived"] == {"owner": "ops", "reason": "it is a lab", "expires": "2027-01-01"}
    change = document["plan"]["changes"][0]
    assert {"id", "row", "kind", "resource", "before", "after", "proved"} <= set(change)
    assert (change["order"], change["mends"], change["edits"][0]["op"]) == (1, ["000000000002"], "procedure")
    assert document["gaps"][0] | {"message": 0} == {
        "call": "memory:ReadFilters",
        "resource": "f-nodes",
        "reason": "denied",
        "message": 0,
        "hides": ["filters"],
        "permission": "memory:read",
    }


def test_json_holds_names_as_they_are_but_for_lone_surrogates() -> None:
    document = json.loads(json_report.render(HOSTILE))
    assert document["cluster"]["name"] == sample.HOSTILE.replace("\ud800", "\\ud800")


def test_an_empty_report_is_told_without_empty_blocks() -> None:
    for render in TEXTS:
        text = render(sample.report())
        assert "findings: none; 0 changes proposed" in text
        assert "Findings" not in text
        assert "\n\n\n" not in text


def test_many_hosts_are_counted() -> None:
    many = replace(sample.finding(), hosts=tuple(f"n-{number}" for number in range(25)))
    assert "and 15 more" in table.render(sample.report(many))


def test_a_finding_is_explained_with_all_that_is_known() -> None:
    one = sample.finding(1, text=sample.HOSTILE, waived=WAIVER, changes=("c-1",))
    page = explain.finding(one, sample.report(one))
    assert "".join(page.split("\n")).isprintable()
    places = [
        page.find(part) for part in ("waived by ops", "Witness", "Hosts (1)", "Evidence", "read by", "--- filter")
    ]
    assert -1 not in places
    assert places == sorted(places)


def test_a_managed_control_plane_is_told() -> None:
    cluster = replace(sample.snapshot().cluster, managed=True, managed_by="a service", hosts=())
    assert phrases.hosts_by_role(cluster) == "control plane run by a service"
    assert phrases.hosts_by_role(replace(cluster, managed=False)) == "none found"


def test_a_witness_that_only_repeats_the_message_is_left_out() -> None:
    one = sample.finding()
    said_twice = replace(one, witness=replace(one.witness, summary=one.message))
    for render in TEXTS:
        assert "witness" in render(sample.report(one))
        assert "witness" not in render(sample.report(said_twice))


RULE = RuleTraffic(Direction.INGRESS, ServiceSet.parse("tcp/22-23"), RulePeer(PeerOf.RANGE, "0.0.0.0/0"))
SSH = replace(RULE, services=ServiceSet.parse("tcp/22"))
TOLD_EDITS: list[tuple[Edit, tuple[str, ...], tuple[str, ...]]] = [
    (RuleEdit(RuleOp.REMOVE, "r", RULE, None), ("tcp/22-23 from 0.0.0.0/0",), ()),
    (RuleEdit(RuleOp.MODIFY, "r", RULE, SSH, ("x",)), ("tcp/22-23 from 0.0.0.0/0",), ("tcp/22 from 0.0.0.0/0",)),
    (
        RuleEdit(RuleOp.ADD, "r", None, replace(SSH, peer=RulePeer(PeerOf.ADMINISTRATORS)), ("x",)),
        (),
        ("tcp/22 from the administrators (--admin-cidr)",),
    ),
    (
        RuleEdit(RuleOp.ADD, "r", None, RuleTraffic(Direction.EGRESS, SSH.services, RulePeer(PeerOf.NEW_GROUP))),
        (),
        ("tcp/22 to a group that only these hosts carry",),
    ),
    (
        ListEdit("public ranges", "tcp/443", (RULE.peer,), (RulePeer(PeerOf.INSIDE),)),
        ("tcp/443 from 0.0.0.0/0",),
        ("tcp/443 from inside the network alone",),
    ),
    (AttributeEdit("rotation", "off", "on"), ("rotation off",), ("rotation on",)),
    (AttributeEdit("secrets", "their key", "your key"), ("their key",), ("your key",)),
    (Procedure(("plain",), ("copy it", "attach the copy")), ("plain",), ("copy it", "attach the copy")),
]


@pytest.mark.parametrize(("edit", "before", "after"), TOLD_EDITS)
def test_an_edit_is_shown_as_the_lines_of_a_diff(edit: Edit, before: tuple[str, ...], after: tuple[str, ...]) -> None:
    change = Change("c", "row", "kind", Resource("filter", "f"), (edit,))
    assert (diff.before_lines(change), diff.after_lines(change)) == (before, after)
    assert json.dumps(json_report.edit_document(edit))


def test_a_narrowed_rule_says_what_it_keeps_why_and_what_it_loses() -> None:
    assert json_report.edit_document(RuleEdit(RuleOp.MODIFY, "r", RULE, SSH, ("clients",))) == {
        "op": "rule.modify",
        "rule": {
            "id": "r",
            "services": "tcp/22",
            "peer": {"kind": "range", "value": "0.0.0.0/0"},
            "direction": "ingress",
        },
        "keeps": [{"services": "tcp/22", "peer": {"kind": "range", "value": "0.0.0.0/0"}, "why": "clients"}],
        "loses": [{"services": "tcp/23", "peer": {"kind": "range", "value": "0.0.0.0/0"}}],
    }


@pytest.mark.parametrize(
    ("hop", "text"),
    [
        (Hop(HopKind.INTERNET, "subnet-1"), "public address, routed to the internet by subnet-1"),
        (Hop(HopKind.ENDPOINT, "api", word="public endpoint", lets="tcp/443"), "public endpoint api on tcp/443"),
        (Hop(HopKind.BALANCER, "lb-1", "api", "nlb", lets="tcp/443"), "nlb/api listens on tcp/443"),
        (Hop(HopKind.BALANCER_FILTER, "lb-1", "api", "nlb"), "nlb/api has no filter of its own"),
        (
            Hop(HopKind.CLIENT_ADDRESS, "lb-1", "api", "nlb", lets="replaced"),
            "the target sees the balancer's own address",
        ),
        (
            Hop(HopKind.SUBNET_FILTER, "acl-1", "", "network ACL", "100", RULE),
            "network ACL acl-1: rule 100 (tcp/22-23 from 0.0.0.0/0)",
        ),
        (
            Hop(HopKind.TARGET_FILTER, "sg-1", "nodes", "security group", "r", RULE),
            "security group sg-1 (nodes): rule r (tcp/22-23 from 0.0.0.0/0)",
        ),
        (Hop(HopKind.STATEMENT, "p-1", "p", rule="#1", lets="allow * on *"), "p/#1: allow * on *"),
    ],
)
def test_a_hop_is_a_line(hop: Hop, text: str) -> None:
    assert hops.hop_text(hop) == text

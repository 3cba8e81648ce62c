"""Edits and hops as lines of text, and as JSON objects."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from cloudguard.formats import diff, hops
from cloudguard.formats.contract.document import document
from cloudguard.formats.contract.edit_shapes import EDIT_SHAPES
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
from cloudguard.results.hop import Hop, HopKind
from edits import new_group

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
        RuleEdit(RuleOp.ADD, "r", None, RuleTraffic(Direction.EGRESS, SSH.services, new_group("node"))),
        (),
        ("tcp/22 to a new group of only node hosts",),
    ),
    (
        ListEdit("public ranges", "tcp/443", (RULE.peer,), (RulePeer(PeerOf.INSIDE),)),
        ("tcp/443 from 0.0.0.0/0",),
        ("tcp/443 from inside the network only",),
    ),
    (AttributeEdit("rotation", "off", "on"), ("rotation off",), ("rotation on",)),
    (AttributeEdit("secrets", "their key", "your key"), ("their key",), ("your key",)),
    (Procedure(("plain",), ("copy it", "attach the copy")), ("plain",), ("copy it", "attach the copy")),
]


@pytest.mark.parametrize(("edit", "before", "after"), TOLD_EDITS)
def test_an_edit_is_shown_as_the_lines_of_a_diff(edit: Edit, before: tuple[str, ...], after: tuple[str, ...]) -> None:
    change = Change("c", "row", "kind", Resource("filter", "f"), (edit,))
    assert (diff.before_lines(change), diff.after_lines(change)) == (before, after)
    assert json.dumps(document(edit, None, EDIT_SHAPES))


def test_a_narrowed_rule_lists_what_it_keeps_and_why_and_what_it_loses() -> None:
    peer = {"kind": "range", "value": "0.0.0.0/0"}
    assert document(RuleEdit(RuleOp.MODIFY, "r", RULE, SSH, ("clients",)), None, EDIT_SHAPES) == {
        "op": "rule.modify",
        "rule": {
            "id": "r",
            "services": "tcp/22",
            "peer": peer,
            "direction": "ingress",
        },
        "keeps": [{"direction": "ingress", "services": "tcp/22", "peer": peer, "why": "clients"}],
        "loses": [{"direction": "ingress", "services": "tcp/23", "peer": peer}],
        "before": {"direction": "ingress", "services": "tcp/22-23", "peer": peer},
        "after": {"direction": "ingress", "services": "tcp/22", "peer": peer},
        "needs": ["clients"],
        "order": None,
        "targets": [],
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
def test_a_hop_is_shown_as_a_line(hop: Hop, text: str) -> None:
    assert hops.hop_text(hop) == text


def test_a_change_lists_what_it_mends_keeps_and_needs_first() -> None:
    traffic = replace(SSH, peer=RulePeer(PeerOf.ADMINISTRATORS))
    edits = (
        RuleEdit(RuleOp.REMOVE, "r", RULE, None),
        RuleEdit(RuleOp.ADD, "r", None, traffic, ("administrators", "tests")),
    )
    change = Change("c", "row", "rule.narrow", Resource("filter", "f"), edits, "r", mends=("a", "b"))
    change = replace(change, owner="a controller", undone="at once", where="its Service")
    numbers = {"a": 4, "b": 2, "c": 1}
    assert diff.change_title(change, numbers) == "rule.narrow on filter f, rule r: fixes 2, 4"
    assert diff.change_lines(change) == (
        "- tcp/22-23 from 0.0.0.0/0",
        "+ tcp/22 from the administrators (--admin-cidr)  # administrators; tests",
        "# first set --admin-cidr",
        "# written by a controller: a manual edit is undone at once",
        "# edit instead in: its Service",
    )
    assert diff.change_lines(replace(change, edits=(), owner="", proved=True)) == ("# proved: keeps all needed access",)


def test_a_sentence_of_the_finding_is_not_repeated() -> None:
    edits = (Procedure(("the disk is plain",), ("encrypt it",)),)
    change = Change("c", "row", "disk.encrypt", Resource("disk", "d"), edits)
    assert diff.change_lines(change, {"the disk is plain"}) == ("+ encrypt it",)

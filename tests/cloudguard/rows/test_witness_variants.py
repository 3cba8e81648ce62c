"""The witness of an open API is a sender that is too much. Each id names the rules that let administrators in."""

from __future__ import annotations

from ipaddress import ip_address, ip_network

import pytest

from builders import (
    CONTROL_PLANE,
    NODE,
    RANGE,
    SOURCE,
    WORLD,
    WORLD6,
    address_sets,
    balancer,
    group,
    host,
    interface,
    managed_endpoint,
    snapshot,
    to,
)
from cloudguard.model.filters import AddressList
from cloudguard.model.load_balancers import ClientAddress
from cloudguard.model.network import Interface
from cloudguard.model.snapshot import Snapshot
from cloudguard.needs.declarations import Declarations
from cloudguard.results.change import ListEdit, PeerOf, RuleEdit
from cloudguard.results.report import Verdict
from judged import changes_of, rows_of

OFFICE, OFFICE6, LAB, PARTNER = "198.51.100.0/24", "2600:9::/48", "192.0.2.0/28", "192.0.2.128/25"
API = "api-server-access"
LISTED = AddressList("offices", "offices", address_sets(OFFICE, PARTNER), known=True, source=SOURCE)
HOSTS = [host("cp", CONTROL_PLANE, "masters"), host("n", NODE, "nodes")]


def public(*allowed: tuple[str, str]) -> Snapshot:
    """Return a cluster whose control plane has public IPv4 and IPv6 addresses."""
    master = host("cp", CONTROL_PLANE, "masters", where="public", public="203.0.113.9", v6="2001:db8:0:1::9")
    return snapshot([master, HOSTS[1]], [group("masters", *allowed), group("nodes")], lists=[LISTED])


def private_cluster(peer: str, *members: Interface) -> Snapshot:
    """Return a cluster without public addresses, and external members of the group "jump"."""
    filters = [group("masters", ("tcp/6443", peer)), group("nodes"), group("jump")]
    return snapshot(HOSTS, filters, external_members=members)


def behind_balancer(seen: ClientAddress) -> Snapshot:
    """Return a cluster whose API is behind a balancer that lets in the office and everyone."""
    front = group("front", ("tcp/443", OFFICE), ("tcp/443", WORLD))
    api = balancer("api", "tcp/443", [to(HOSTS[0], "tcp/6443")], "front", seen=seen)
    masters = group("masters", ("tcp/6443", WORLD)) if seen is ClientAddress.PRESERVED else group("masters")
    guard = group("masters", ("tcp/6443", "front")) if seen is ClientAddress.REPLACED else masters
    return snapshot(HOSTS, [guard, group("nodes"), front], balancers=[api])


def endpoint(*ranges: str) -> Snapshot:
    return snapshot(HOSTS[1:], [group("nodes")], endpoints=[managed_endpoint(*ranges)], lists=[LISTED], managed=True)


JUMP, CI = interface("jump", "private", "10.0.1.200", "jump"), interface("ci", "private", "10.0.1.201", "jump")
CASES: dict[str, tuple[Snapshot, tuple[str, ...], tuple[str, ...]]] = {
    "the administrators' own rule before the open one": (
        public(("tcp/6443", OFFICE), ("tcp/6443", WORLD)),
        (OFFICE,),
        ("masters-1",),
    ),
    "the administrators' own rule after the open one": (
        public(("tcp/6443", WORLD), ("tcp/6443", OFFICE)),
        (OFFICE,),
        ("masters-0",),
    ),
    "IPv6": (public(("tcp/6443", OFFICE6), ("tcp/6443", WORLD6)), (OFFICE6,), ("masters-1",)),
    "several ranges": (
        public(("tcp/6443", OFFICE), ("tcp/6443", LAB), ("tcp/6443", WORLD)),
        (OFFICE, LAB),
        ("masters-2",),
    ),
    "one of two administrators' ranges has no rule": (
        public(("tcp/6443", OFFICE), ("tcp/6443", "192.0.2.0/24")),
        (OFFICE, LAB),
        ("masters-1",),
    ),
    "the middle of a wide range": (public(("tcp/6443", "198.51.96.0/20")), (OFFICE,), ("masters-0",)),
    "the first half of a range": (public(("tcp/6443", "198.51.100.0/23")), (OFFICE,), ("masters-0",)),
    "the last half of a range": (public(("tcp/6443", "198.51.100.0/23")), ("198.51.101.0/24",), ("masters-0",)),
    "an address list with foreign ranges": (public(("tcp/6443", "list:offices")), (OFFICE,), ("masters-0",)),
    "all ports from administrators, the API's port from everyone": (
        public(("tcp/443-9999", OFFICE), ("tcp/6443", WORLD)),
        (OFFICE,),
        ("masters-1",),
    ),
    "a part of the cluster's network": (private_cluster(RANGE), ("10.0.0.0/25",), ("masters-0",)),
    "a group with foreign members": (private_cluster("jump", JUMP, CI), ("10.0.1.200/32",), ("masters-0",)),
    "a balancer that preserves the client address": (
        behind_balancer(ClientAddress.PRESERVED),
        (OFFICE,),
        ("front-1", "masters-0"),
    ),
    "a balancer that replaces the client address": (behind_balancer(ClientAddress.REPLACED), (OFFICE,), ("front-1",)),
    "a managed endpoint": (endpoint(OFFICE, PARTNER), (OFFICE,), ("",)),
    "a managed endpoint open to everyone": (endpoint(WORLD), (OFFICE,), ("",)),
    "a managed endpoint with an address list": (endpoint("list:offices"), (OFFICE,), ("",)),
}


@pytest.mark.parametrize(("facts", "administrators", "blamed"), CASES.values(), ids=CASES)
def test_the_witness_is_no_administrator_and_its_rule_is_blamed(
    facts: Snapshot, administrators: tuple[str, ...], blamed: tuple[str, ...]
) -> None:
    row = rows_of(facts, Declarations(admin_cidrs=administrators))[API]
    assert row.verdict is Verdict.FAIL
    for finding in row.findings:
        source = ip_address(finding.witness.source)
        assert not any(source in ip_network(administrator) for administrator in administrators), finding.witness
        assert not any(administrator in finding.message for administrator in administrators)
        assert {hop.rule for hop in finding.witness.path if hop.attributed} <= {*blamed, ""}
    assert {fact.rule for finding in row.findings for fact in finding.evidence} >= {*blamed}


@pytest.mark.parametrize(("facts", "administrators", "blamed"), CASES.values(), ids=CASES)
def test_a_change_keeps_the_administrators_and_duplicates_no_rule(
    facts: Snapshot, administrators: tuple[str, ...], blamed: tuple[str, ...]
) -> None:
    changes = changes_of(facts, Declarations(admin_cidrs=administrators), row=API)
    assert {change.rule for change in changes} <= {*blamed}
    edits = [edit for change in changes for edit in change.edits]
    rules = [
        rule
        for guard in facts.topology.filters
        for rule in guard.rules
        if rule.id not in blamed and rule.peer.addresses
    ]
    kept = {str(rule.peer.addresses) for rule in rules}
    for edit in edits:
        assert isinstance(edit, RuleEdit | ListEdit)
        assert edit.before != edit.after
        after = edit.after if isinstance(edit, ListEdit) else (edit.after.peer,) if edit.after else ()
        assert not after or edit.needs
        kept.update(peer.value for peer in after if peer.kind is PeerOf.RANGE)
    assert {*administrators} <= kept


SENDERS: dict[str, tuple[tuple[tuple[str, str], ...], set[tuple[str, ...]]]] = {
    "everyone and a partner on different ports": (
        (("tcp/22", WORLD), ("tcp/3389", PARTNER)),
        {("the internet", "tcp/22"), (PARTNER, "tcp/3389")},
    ),
    "everyone and a partner on the same port": (
        (("tcp/22", WORLD), ("tcp/22", PARTNER)),
        {("the internet", "tcp/22"), (PARTNER, "tcp/22")},
    ),
    "two partners on the same port": ((("tcp/22", LAB), ("tcp/22", PARTNER)), {(f"{LAB}, {PARTNER}", "tcp/22")}),
    "two partners on different ports": (
        (("tcp/22", LAB), ("tcp/3389", PARTNER)),
        {(f"{LAB} on the internet can connect to tcp/22", f"{PARTNER} on the internet to tcp/3389")},
    ),
    "everyone by IPv6, a partner by IPv4": (
        (("tcp/22", WORLD6), ("tcp/22", PARTNER)),
        {("the internet", "tcp/22"), (PARTNER, "tcp/22")},
    ),
}


@pytest.mark.parametrize(("allowed", "expected"), SENDERS.values(), ids=SENDERS)
def test_a_message_names_its_senders_with_their_ports(
    allowed: tuple[tuple[str, str], ...], expected: set[tuple[str, ...]]
) -> None:
    node = host("n", NODE, "nodes", where="public", public="203.0.113.10", v6="2001:db8:0:1::a")
    facts = snapshot([HOSTS[0], node], [group("masters"), group("nodes", *allowed)])
    messages = {finding.message for finding in rows_of(facts)["node-access"].findings}
    assert all(any(all(word in text for word in words) for text in messages) for words in expected), messages
    assert sum(text.startswith("the internet can") for text in messages) == sum(
        words[0] == "the internet" for words in expected
    )


def test_only_group_members_that_are_no_administrators_are_counted() -> None:
    row = rows_of(private_cluster("jump", JUMP, CI), Declarations(admin_cidrs=("10.0.1.200/32",)))[API]
    assert [finding.message[:22] for finding in row.findings] == ["1 of 2 interfaces outs"]
    assert [finding.witness.source for finding in row.findings] == ["10.0.1.201"]

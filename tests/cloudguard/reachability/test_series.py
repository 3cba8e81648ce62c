"""Two filters in series: a finding names the filter to change, its witness the rules of both; one change is enough."""

from __future__ import annotations

from dataclasses import replace

import pytest

from builders import NODE, WORLD, group, host, rule, snapshot, subnet
from cloudguard.model.filters import Filter, Peer
from cloudguard.model.network import NextHop
from cloudguard.model.snapshot import Snapshot
from cloudguard.packet_sets.addresses import AddressSet
from judged import changes_of, rows_of

PUBLIC = subnet("public", ("10.0.0.0/24",), (WORLD, NextHop.INTERNET, "gw"))


def in_series(name: str, *allowed: tuple[str, str], editable: bool = True) -> Filter:
    guard = group(name, *allowed, editable=editable)
    return replace(guard, ordered=True, in_chain=True, in_series=True)


def made(*filters: Filter) -> Snapshot:
    """Return a node with a public address behind filters in series, the outermost first."""
    node = host("n1", NODE, *(guard.id for guard in filters), where="public", public="203.0.113.9")
    return snapshot([node], filters, subnets=[PUBLIC])


def internet(facts: Snapshot) -> tuple[list[str], list[tuple[str, str]]]:
    """Return the filters changed for the internet's finding, and the (filter, rule) of each hop that has one."""
    (row,) = [row for row in rows_of(facts).values() if row.row == "node-access"]
    findings = [finding for finding in row.findings if finding.check == "node-access/internet"]
    changed = sorted({change.resource.id for change in changes_of(facts, row="node-access")})
    hops = [(hop.id, hop.rule) for finding in findings for hop in finding.witness.path if hop.rule]
    return changed, hops


@pytest.mark.parametrize(
    ("outer", "inner", "changed"),
    [(True, True, ["inner"]), (True, False, ["outer"]), (False, True, ["inner"]), (False, False, ["inner"])],
)
def test_the_nearest_editable_filter_is_changed(*, outer: bool, inner: bool, changed: list[str]) -> None:
    filters = (
        in_series("outer", ("tcp/22", WORLD), editable=outer),
        in_series("inner", ("tcp/22-443", WORLD), editable=inner),
    )
    assert internet(made(*filters)) == (changed, [("outer", "outer-0"), ("inner", "inner-0")])


def test_traffic_that_one_filter_denies_is_in_no_finding() -> None:
    wide, narrow = in_series("wide", ("tcp", WORLD)), in_series("narrow", ("tcp/22", "10.0.0.0/8"))
    assert internet(made(wide, narrow))[1] == internet(made(narrow, wide))[1] == []
    assert internet(made(wide))[1] == [("wide", "wide-0")]


@pytest.mark.parametrize("barred", [True, False])
def test_a_rule_behind_a_deny_rule_for_the_same_traffic_is_not_changed(*, barred: bool) -> None:
    """In an ordered filter where a deny rule comes between: without the first rule, the last would not let SSH in."""
    rules = [rule("ssh", "tcp/22", WORLD, order=1), rule("rest", "tcp/22,tcp/80", WORLD, order=3)]
    rules += [rule("bar", "tcp/22", WORLD, deny=True, order=2)] if barred else []
    changes = changes_of(made(replace(in_series("one"), rules=tuple(rules))), row="node-access")
    edits = [edit for change in changes for edit in change.rule_edits]
    lost = {edit.rule: str(edit.loses) for edit in edits if edit.before}
    assert lost == {"ssh": "tcp/22", "rest": "tcp/80" if barred else "tcp/22,tcp/80"}


def test_a_rule_for_both_ip_versions_is_changed_like_any_other() -> None:
    ssh = replace(rule("ssh", "tcp/22", WORLD, order=1), peer=Peer(AddressSet.everything()))
    (change,) = changes_of(made(replace(in_series("one"), rules=(ssh,))), row="node-access")
    assert [edit.before.peer.value for edit in change.rule_edits if edit.before] == ["0.0.0.0/0,::/0"]


@pytest.mark.parametrize("barred", [True, False])
def test_traffic_that_an_earlier_rule_denies_is_not_latent(*, barred: bool) -> None:
    rules = [rule("near", "tcp", "10.0.0.0/8", order=0), rule("all", "tcp", WORLD, order=2)]
    rules += [rule("bar", "all", WORLD, deny=True, order=1)] if barred else []
    facts = made(replace(in_series("one"), rules=tuple(rules)))
    facts = replace(facts, topology=replace(facts.topology, subnets=(replace(PUBLIC, routes=()),)))
    row = rows_of(facts)["node-access"]
    assert any("latent: tcp from 0.0.0.0/0" in finding.message for finding in row.findings) is not barred

"""A rule that the provider mandates is advice if only the cluster's hosts have addresses that it lets in."""

from __future__ import annotations

from dataclasses import replace

import pytest

from builders import NETWORK, NODE, PRIVATE, RANGE, SOURCE, group, host, interface, snapshot
from cloudguard.model.filters import AddressList
from cloudguard.model.network import Interface
from cloudguard.model.owner import Owner
from cloudguard.model.snapshot import Snapshot
from cloudguard.packet_sets.addresses import AddressSet
from cloudguard.results.report import Verdict
from judged import rows_of

OWNER = Owner("cloud", "the cloud", instead="do this")
OTHER = replace(PRIVATE, id="other", ranges=AddressSet.parse("10.0.7.0/24"))


def made(*ranges: str, neighbours: tuple[Interface, ...] | None = (), other: bool = False) -> Snapshot:
    """Return a node whose filter lets in a list of ranges, and its network with or without another subnet."""
    guard = group("nodes", ("tcp/10250", "list:near"))
    guard = replace(guard, rules=tuple(replace(rule, provider_mandated=True, written_by=OWNER) for rule in guard.rules))
    facts = snapshot([host("n", NODE, "nodes")], [guard], subnets=[PRIVATE, OTHER] if other else [PRIVATE])
    near = AddressList("near", "near", tuple(map(AddressSet.parse, ranges)), known=True, source=SOURCE)
    return replace(facts, topology=replace(facts.topology, address_lists=(near,), neighbours=neighbours))


@pytest.mark.parametrize(
    ("facts", "verdict"),
    [
        (made(RANGE), Verdict.PASS),
        (made(RANGE, other=True), Verdict.FAIL),
        (made("10.0.1.0/24", other=True), Verdict.PASS),
        (made(RANGE, "10.9.0.0/16"), Verdict.FAIL),
        (made(RANGE, neighbours=(interface("ci", "private", "10.0.1.200"),)), Verdict.FAIL),
        (made(RANGE, neighbours=None), Verdict.UNKNOWN),
    ],
)
def test_a_mandated_rule_counts_only_for_addresses_of_subnets(facts: Snapshot, verdict: Verdict) -> None:
    """Addresses of a network outside its subnets belong to nobody."""
    assert [network.id for network in facts.topology.networks] == [NETWORK]
    row = rows_of(facts)["node-access"]
    assert row.verdict is verdict
    assert verdict is Verdict.FAIL or any(finding.advice == "do this" for finding in row.findings)

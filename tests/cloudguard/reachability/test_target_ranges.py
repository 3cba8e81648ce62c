"""Rules for some target addresses only: which of today's hosts and of the next hosts they apply to."""

from __future__ import annotations

from dataclasses import replace

import pytest

from builders import NODE, RANGE, SOURCE, WORLD, group, host, managed_endpoint, rule, snapshot
from cloudguard.model.cluster import Pool
from cloudguard.packet_sets.addresses import AddressSet
from cloudguard.packet_sets.services import ServiceSet
from cloudguard.reachability.paths import Reachability


def test_a_rule_for_some_addresses_applies_only_to_hosts_with_them() -> None:
    """Otherwise the result would be unknown for both. A next host may get any address of its subnet."""
    aimed = replace(rule("ssh", "tcp/22", WORLD), target_ranges=AddressSet.parse("10.0.0.9"))
    whole = replace(rule("web", "tcp/80", WORLD), target_ranges=AddressSet.parse("10.0.0.0/16"))
    guard = replace(group("nodes"), rules=(aimed, whole), ordered=True, in_chain=True)
    hosts = [
        host(name, NODE, "nodes", where="public", address=address, public=f"203.0.113.{place}")
        for place, (name, address) in enumerate((("a", "10.0.0.8"), ("b", "10.0.0.9"), ("c", "10.0.0.10")))
    ]
    pool = Pool("pool", "pool", NODE, (), ("public",), ("nodes",), ("nodes",), SOURCE, public=True)
    facts = snapshot(hosts, [guard])
    facts = replace(facts, cluster=replace(facts.cluster, pools=(pool,)))
    reach = Reachability(facts)
    bounds = {
        tuple(host.name for host in target.hosts): [
            path.allowed for path in reach.paths_to(target) if not path.sender.inside
        ]
        for target in reach.classes
    }
    web, both = ServiceSet.parse("tcp/80"), ServiceSet.parse("tcp/22,tcp/80")
    assert {names: (allowed.lower.services(), allowed.upper.services()) for names, (allowed,) in bounds.items()} == {
        ("a.prod", "c.prod"): (web, web),
        ("b.prod",): (both, both),
    }
    (joined,) = [target for target in reach.classes if target.pools]
    assert len(joined.hosts) == 2


def test_a_next_host_may_have_any_address_of_its_subnet() -> None:
    rules = [
        replace(rule("ssh", "tcp/22", WORLD), target_ranges=AddressSet.parse("10.0.0.9")),
        replace(rule("web", "tcp/80", WORLD), target_ranges=AddressSet.parse("10.0.0.0/16")),
    ]
    guard = replace(group("nodes"), rules=tuple(rules), ordered=True, in_chain=True)
    pool = Pool("pool", "pool", NODE, (), ("public",), ("nodes",), ("nodes",), SOURCE, public=True)
    facts = snapshot([], [guard])
    reach = Reachability(replace(facts, cluster=replace(facts.cluster, pools=(pool,))))
    (target,) = reach.classes
    (path,) = [path for path in reach.paths_to(target) if not path.sender.inside]
    assert path.allowed.lower.services() == ServiceSet.parse("tcp/80")
    assert path.allowed.upper.services() == ServiceSet.parse("tcp/22,tcp/80")


@pytest.mark.parametrize(
    ("aimed", "known", "lower", "upper"),
    [
        ("10.0.0.0/16", True, "tcp/443", "tcp/443"),
        ("10.0.1.0/28", True, "", "tcp/443"),
        ("10.0.2.0/24", True, "", ""),
        ("10.0.0.0/16", False, "", "tcp/443"),
    ],
)
def test_an_endpoint_has_an_address_of_its_subnets(aimed: str, known: bool, lower: str, upper: str) -> None:  # noqa: FBT001
    """Its address is unknown if a subnet was not read."""
    rules = (replace(rule("vnet", "tcp/443", RANGE), target_ranges=AddressSet.parse(aimed)),)
    guard = replace(group("api"), rules=rules, ordered=True, in_chain=True)
    endpoint = managed_endpoint(private=True, filters=("api",))
    endpoint = endpoint if known else replace(endpoint, subnets=("private", "unread"))
    reach = Reachability(snapshot([], [guard], endpoints=[endpoint], managed=True))
    allowed = next(path.allowed for path in reach.endpoint_paths(endpoint) if path.sender.addresses)
    expected = tuple(ServiceSet.parse(text) if text else ServiceSet.nothing() for text in (lower, upper))
    assert (allowed.lower.services(), allowed.upper.services()) == expected

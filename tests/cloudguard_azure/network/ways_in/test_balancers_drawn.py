"""Drawn load balancers agree with a naive reading of their JSON, rule by rule and interface by interface."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from hypothesis import given
from hypothesis import strategies as st

from azure_fixtures import Subscription
from azure_ids import Item
from azure_networks import NETWORK, link, links_to
from azure_ways import ways_into
from draws import examples

HOSTS = ("10.0.0.4", "10.0.0.5", "10.0.0.6")
SOME_HOSTS = st.sets(st.sampled_from(HOSTS))
PORTS = st.sampled_from([22, 80, 443, 6443])
Pool = dict[str, set[str]]
"""The addresses of a pool's members, by the kind of reference."""
Sent = tuple[bool, bool, str, str, str]
"""(from the internet, floating IP, outer service, host's address, service at the host)."""


class Rule(NamedTuple):
    """A load balancing rule: the numbers of its front end and pools, and the ports of both sides."""

    front: int
    protocol: str
    outside: int
    inside: int
    floating: bool
    pools: frozenset[int]


class NatRule(NamedTuple):
    """An inbound NAT rule to SSH. ``both``: the rule and the interface name each other."""

    front: int
    host: str
    both: bool


RULES = st.builds(
    Rule,
    st.integers(0, 1),
    st.sampled_from(["Tcp", "udp", "TCP", "All"]),
    PORTS,
    PORTS,
    st.booleans(),
    st.frozensets(st.integers(0, 1), min_size=1),
)
POOLS = st.fixed_dictionaries({"by interface": SOME_HOSTS, "by pool": SOME_HOSTS, "by address": SOME_HOSTS})
NAT_RULES = st.builds(NatRule, st.integers(0, 1), st.sampled_from(HOSTS), st.booleans())


def balancer(account: Subscription, rules: list[Rule], pools: list[Pool], rest: list[NatRule]) -> None:
    """Add a balancer with a public and a private front end for some of the hosts. ``rest``: NAT rules to SSH."""
    vnet = account.network()
    subnet = account.subnet(vnet)
    own = account.load_balancer("lb", public=account.public_address("p", "20.50.0.7"))
    inside = account.properties(own)
    fronts = [f"{own}/frontendIPConfigurations/{name}" for name in ("front", "private")]
    private = {"privateIPAddress": "10.0.0.200", "subnet": link(subnet)}
    inside["frontendIPConfigurations"].append({"id": fronts[1], "name": "private", "properties": private})
    ids = [f"{own}/backendAddressPools/{number}" for number in range(len(pools))]
    nics = dict[str, str]()
    for address in HOSTS:
        account.machine(f"vm-{address}", subnet, address)
        nic = nics[address] = account.id(f"{NETWORK}/networkInterfaces", f"vm-{address}-nic")
        named = [own for own, pool in zip(ids, pools, strict=True) if address in pool["by interface"]]
        configuration(account, nic)["loadBalancerBackendAddressPools"] = links_to(named)
    inside["backendAddressPools"] = [_pool(own, pool, nics, vnet) for own, pool in zip(ids, pools, strict=True)]
    for number, rule in enumerate(rules):
        made: Item = {
            "frontendIPConfiguration": link(fronts[rule.front]),
            "backendAddressPools": links_to([ids[pool] for pool in sorted(rule.pools)]),
            "protocol": rule.protocol,
            "frontendPort": rule.outside,
            "backendPort": rule.inside,
            "enableFloatingIP": rule.floating,
        }
        inside["loadBalancingRules"].append({"id": f"{own}/loadBalancingRules/{number}", "properties": made})
    for number, one in enumerate(rest):
        name, nic = f"{own}/inboundNatRules/{number}", nics[one.host]
        ports = {"protocol": "Tcp", "frontendPort": 2200 + number, "backendPort": 22, "enableFloatingIP": False}
        made = {"frontendIPConfiguration": link(fronts[one.front]), **ports}
        if one.both:
            made["backendIPConfiguration"] = link(f"{nic}/ipConfigurations/ipconfig1")
        configuration(account, nic).setdefault("loadBalancerInboundNatRules", []).append(link(name))
        inside["inboundNatRules"].append({"id": name, "properties": made})


def configuration(account: Subscription, nic: str) -> Item:
    found: Item = account.properties(nic)["ipConfigurations"][0]["properties"]
    return found


def _pool(own: str, drawn: Pool, nics: dict[str, str], vnet: str) -> Item:
    listed = [link(f"{nics[one]}/ipConfigurations/ipconfig1") for one in sorted(drawn["by pool"])]
    addresses = [
        {"name": one, "properties": {"ipAddress": one, "virtualNetwork": link(vnet.upper())}}
        for one in sorted(drawn["by address"])
    ]
    return {"id": own, "properties": {"backendIPConfigurations": listed, "loadBalancerBackendAddresses": addresses}}


def naive_traffic(rules: list[Rule], pools: list[Pool], rest: list[NatRule]) -> Iterator[Sent]:
    """Yield the balancer's traffic, by a naive reading of the drawn rules."""
    for rule in rules:
        members = {host for number in rule.pools for hosts in pools[number].values() for host in hosts}
        names = ["tcp", "udp"] if rule.protocol == "All" else [rule.protocol.lower()]
        outside, inside = (",".join(f"{name}/{port}" for name in names) for port in (rule.outside, rule.inside))
        for host in members:
            yield rule.front == 0, rule.floating, outside, host, inside
    for number, one in enumerate(rest):
        yield one.front == 0, False, f"tcp/{2200 + number}", one.host, "tcp/22"


@examples(60)
@given(st.lists(RULES, max_size=4), st.lists(POOLS, min_size=2, max_size=2), st.lists(NAT_RULES, max_size=2))
def test_a_balancer_sends_what_its_rules_say(rules: list[Rule], pools: list[Pool], rest: list[NatRule]) -> None:
    account = Subscription()
    balancer(account, rules, pools, rest)
    ways, api = ways_into(account)
    assert api.gaps == ()
    found = [
        (
            bool(balancer.internet_facing),
            balancer.keeps_destination,
            str(listener.service),
            target.host.rpartition("vm-")[2],
            str(target.service),
        )
        for balancer in ways.balancers
        for listener in balancer.listeners
        for target in listener.targets
    ]
    assert sorted(found) == sorted(naive_traffic(rules, pools, rest))

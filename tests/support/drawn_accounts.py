"""Random accounts with a cluster: shared groups, external members of any group, pools, IPv4 and IPv6."""

from __future__ import annotations

from dataclasses import replace
from random import Random

from builders import (
    CONTROL_PLANE,
    NODE,
    OPEN,
    RANGE,
    RANGE6,
    SAID,
    SOURCE,
    WORLD,
    WORLD6,
    group,
    host,
    interface,
    network_acl,
    rule,
    snapshot,
    subnet,
)
from cloudguard.model.cluster import Pool, Role
from cloudguard.model.filters import Action, Filter, Group
from cloudguard.model.network import Interface, NextHop
from cloudguard.model.snapshot import Snapshot

ADMINISTRATORS = "198.51.100.0/24"
GROUPS = ("masters", "nodes", "shared", "strange")
SERVICES = ("all", "tcp", "tcp/22", "tcp/6443", "tcp/2379-2380", "tcp/2000-7000", "tcp/10250", "tcp/30000-32767")
RANGES = (WORLD, WORLD6, RANGE, "10.0.0.0/24", "10.0.1.0/24", "10.0.1.21/32", ADMINISTRATORS, "0.0.0.0/1")


def account(dice: Random) -> Snapshot:
    """Return an account with two control-plane hosts, two nodes, a pool, and other interfaces in random groups."""
    routes = [(WORLD, NextHop.INTERNET, "gw"), (WORLD6, NextHop.INTERNET, "gw")]
    outbound = [(WORLD, NextHop.OUTBOUND, "nat")]
    lines = [_line(dice) for _ in range(dice.choice((0, 0, 2)))]
    subnets = [
        subnet("public", ("10.0.0.0/24", RANGE6), *routes, guard="nacl"),
        subnet("private", ("10.0.1.0/24",), *outbound),
    ]
    six = dice.choice(("", "2001:db8:0:1::9"))
    shared = [("shared",) if dice.random() < 1 / 3 else () for _ in range(2)]
    hosts = [
        host("cp1", CONTROL_PLANE, "masters", *shared[0], address="10.0.1.11"),
        host("cp2", CONTROL_PLANE, "masters", *shared[0], where="public", address="10.0.0.12", public="203.0.113.12"),
        host("n1", NODE, "nodes", *shared[1], address="10.0.1.21", pool="pool"),
        host(
            "n2",
            NODE,
            "nodes",
            *shared[1],
            where="public",
            address="10.0.0.22",
            v6=six,
        ),
    ]
    strangers = [
        interface(f"stranger-{number}", where, address, *dice.sample(GROUPS, dice.choice((1, 1, 2))))
        for number, (where, address) in enumerate((("private", "10.0.1.99"), ("public", "10.0.0.99")))
        if dice.random() < 1 / 2
    ]
    filters = [group(name, *_rules(dice)) for name in GROUPS]
    return snapshot(
        hosts,
        [*filters, network_acl("nacl", *lines, *OPEN)],
        subnets=subnets,
        external_members=strangers,
        pools=[pool("nodes", *shared[1])],
    )


def account_in_a_chain(dice: Random) -> Snapshot:
    """Return an account behind a policy and a firewall: priorities, denials, target groups, rules that pass on."""
    policy = _ordered("policy", dice, ("permit", "deny", "next", "next"))
    firewall = _ordered("firewall", dice, ("permit", "permit", "permit", "deny"), targeted=True)
    return _behind(account(dice), ("policy", "firewall"), policy, firewall)


def account_in_series(dice: Random) -> Snapshot:
    """Return an account behind a subnet's filter and an interface's filter, which must both permit."""
    guards = [_ordered(name, dice, ("permit", "permit", "permit", "deny"), least=3) for name in ("subnet", "nic")]
    return _behind(account(dice), ("subnet", "nic"), *(replace(guard, in_series=True) for guard in guards))


def _ordered(name: str, dice: Random, actions: tuple[str, ...], *, targeted: bool = False, least: int = 0) -> Filter:
    """Return a filter in a chain, with random rules in order, that lets everything out."""
    rules = [rule("out", "all", WORLD, out=True, order=9000), rule("out6", "all", WORLD6, out=True, order=9001)]
    for number in range(least + dice.randrange(6)):
        made = rule(f"{name}-{number}", dice.choice(SERVICES), dice.choice((*RANGES, *GROUPS)), order=100 + 10 * number)
        targets = (dice.choice(GROUPS),) if targeted and dice.random() < 1 / 2 else ()
        rules.append(replace(made, action=Action(dice.choice(actions)), target_groups=targets))
    return Filter(name, name, "filter", tuple(rules), SOURCE, ordered=True, in_chain=True)


def _behind(facts: Snapshot, names: tuple[str, ...], *guards: Filter) -> Snapshot:
    """Return ``made`` with ``guards`` (their ``names``) as the filters of all interfaces. Groups are only names."""

    def port(nic: Interface) -> Interface:
        return replace(nic, filters=names)

    cluster, topology = facts.cluster, facts.topology
    hosts = tuple(replace(host, interfaces=tuple(map(port, host.interfaces))) for host in cluster.hosts)
    pools = tuple(replace(pool, filters=names) for pool in cluster.pools)
    others = tuple(guard for guard in topology.filters if guard.kind == "network ACL")
    groups = tuple(Group(name, name, SOURCE) for name in GROUPS)
    return replace(
        facts,
        cluster=replace(cluster, hosts=hosts, pools=pools),
        topology=replace(
            topology,
            filters=(*guards, *others),
            groups=groups,
            external_members=tuple(map(port, topology.external_members)),
        ),
    )


def pool(*groups: str) -> Pool:
    """Return a pool of nodes in the private subnet."""
    return Pool(
        id="pool",
        name="pool",
        roles=(Role.NODE,),
        role_evidence=(SAID,),
        subnets=("private",),
        filters=groups,
        groups=groups,
        source=SOURCE,
        public=False,
    )


def _rules(dice: Random) -> list[tuple[str, str]]:
    return [(dice.choice(SERVICES), dice.choice((*RANGES, *GROUPS))) for _ in range(dice.randrange(5))]


def _line(dice: Random) -> tuple[str, str, str]:
    return dice.choice(("permit in", "deny in")), dice.choice(SERVICES), dice.choice((WORLD, "198.51.100.0/25"))

"""Accounts drawn at random, with a cluster in them: shared groups, strangers that carry any group, pools, v4 and v6."""

from __future__ import annotations

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
    snapshot,
    subnet,
)
from cloudguard.model.cluster import Pool, Role
from cloudguard.model.network import NextHop
from cloudguard.model.snapshot import Snapshot

ADMINISTRATORS = "198.51.100.0/24"
GROUPS = ("masters", "nodes", "shared", "strange")
SERVICES = ("all", "tcp", "tcp/22", "tcp/6443", "tcp/2379-2380", "tcp/2000-7000", "tcp/10250", "tcp/30000-32767")
RANGES = (WORLD, WORLD6, RANGE, "10.0.0.0/24", "10.0.1.0/24", "10.0.1.21/32", ADMINISTRATORS, "0.0.0.0/1")


def account(dice: Random) -> Snapshot:
    """Return an account with two control-plane hosts, two nodes, a pool, and strangers in and out of the groups."""
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


def pool(*groups: str) -> Pool:
    """Return a pool that makes nodes in the private subnet."""
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

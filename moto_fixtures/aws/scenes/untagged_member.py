"""A node without tags: only the balancer of a Service, which sends to its NodePort, shows that it is a node."""

from __future__ import annotations

from moto_fixtures.aws.builder import WORLD, Account
from moto_fixtures.aws.scenes import clean

DECLARED = clean.DECLARED
VERDICTS = clean.VERDICTS | {"node-access": "FAIL"}


def build(a: Account) -> None:
    """Build the account."""
    cluster = clean.build(a)
    debug = a.group(cluster.vpc, "debug")  # OK
    debug.allow("tcp/22", WORLD)  # NOT OK: node-access/internet
    node = a.host("by-hand", cluster.public, [cluster.nodes, debug], public=True)  # OK
    front = a.nlb("ingress", cluster.public, [cluster.lb])  # OK
    a.listener(front, 443, [cluster.worker, node], 30443)  # OK

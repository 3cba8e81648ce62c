"""A balancer in a peered VPC sends the internet to SSH of a node by its address, not through the node's own gateway."""

from __future__ import annotations

from moto_fixtures.aws.builder import WORLD, Account
from moto_fixtures.aws.scenes import clean

DECLARED = clean.DECLARED
VERDICTS = clean.VERDICTS | {"node-access": "FAIL"}


def build(a: Account) -> None:
    """Build the account."""
    cluster = clean.build(a)
    edge = a.vpc("10.1.0.0/16")  # OK
    link = a.peering(cluster.vpc, edge)  # OK
    a.route(cluster.private, edge.cidr, link)  # OK
    outside = a.subnet(edge, public=True)  # OK
    a.route(outside, cluster.vpc.cidr, link)  # OK
    front = a.group(edge, "jump")  # OK
    front.allow("tcp/2222", WORLD)  # NOT OK: node-access/internet
    cluster.nodes.allow("tcp/22", edge.cidr)  # NOT OK: node-access/inside
    jump = a.nlb("jump", outside, [front])  # OK
    a.listener(jump, 2222, [cluster.worker], 22, by_address=True)  # OK

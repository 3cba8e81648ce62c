"""A balancer with the tags of a Service sends to SSH and the kubelet of a node, which no Service does."""

from __future__ import annotations

from moto_fixtures.aws.builder import WORLD, Account
from moto_fixtures.aws.installers import OWNED
from moto_fixtures.aws.scenes import clean

DECLARED = clean.DECLARED
VERDICTS = clean.VERDICTS | {"node-access": "FAIL"}


def build(a: Account) -> None:
    """Build the account."""
    cluster = clean.build(a)
    front = a.group(cluster.vpc, "web")  # OK
    front.allow("tcp/80,tcp/2222,tcp/9000", WORLD)  # NOT OK: node-access/internet
    cluster.nodes.allow("tcp/22,tcp/10250,tcp/30080", front)  # OK
    web = a.nlb("web", cluster.public, [front], tags=OWNED | {"kubernetes.io/service-name": "shop/web"})  # OK
    a.listener(web, 80, [cluster.worker], 30080)  # OK
    a.listener(web, 2222, [cluster.worker], 22)  # OK
    a.listener(web, 9000, [cluster.worker], 10250)  # OK

"""The rules of all groups add up: a NodePort rule for the world makes a restricted rule useless.

As in kubernetes-sigs/cluster-api-provider-aws#3271.
"""

from __future__ import annotations

from cloudguard.needs.declarations import Declarations, DeclaredService
from moto_fixtures.aws.builder import WORLD, Account
from moto_fixtures.aws.installers import capa
from moto_fixtures.aws.scene import Declared
from moto_fixtures.aws.scenes import clean

PARTNER = "192.0.2.0/24"
SHOP = DeclaredService("tcp/31443", (PARTNER,), "the shop's ingress")
DECLARED = Declared(Declarations(admin_cidrs=(clean.ADMINS,), services=(SHOP,)))
VERDICTS = clean.VERDICTS | {"node-access": "FAIL"}


def build(a: Account) -> None:
    """Build the account."""
    cluster = clean.build(a)
    shop = a.group(cluster.vpc, "k8s-elb-shop")  # OK
    shop.allow("tcp/31443", PARTNER)  # OK
    world = a.group(cluster.vpc, "prod-node-ports")  # OK
    world.allow("tcp/30000-32767", WORLD)  # NOT OK: node-access/node-ports
    groups = [cluster.nodes, shop, world]
    a.host("edge", cluster.public, groups, capa.node, role=cluster.node_role, public=True)  # OK

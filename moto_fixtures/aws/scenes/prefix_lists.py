"""Rules that name prefix lists: one list is the administrators' range, the other is the whole internet."""

from __future__ import annotations

from moto_fixtures.aws.builder import WORLD, Account
from moto_fixtures.aws.installers import capa
from moto_fixtures.aws.scenes import clean

DECLARED = clean.DECLARED
VERDICTS = clean.VERDICTS | {"node-access": "FAIL"}


def build(a: Account) -> None:
    """Build the account."""
    cluster = clean.build(a)
    admins = a.prefixes("admins", clean.ADMINS)  # OK
    everyone = a.prefixes("partners", WORLD)  # OK
    cluster.lb.allow("tcp/6443", admins)  # OK
    debug = a.group(cluster.vpc, "debug")  # OK
    debug.allow("tcp/8080", everyone)  # NOT OK: node-access/internet
    a.host("edge", cluster.public, [cluster.nodes, debug], capa.node, role=cluster.node_role, public=True)  # OK

"""A classic load balancer for the API server, besides the restricted one, has a group that lets the world in."""

from __future__ import annotations

from moto_fixtures.aws.builder import WORLD, Account
from moto_fixtures.aws.scenes import clean

DECLARED = clean.DECLARED
VERDICTS = clean.VERDICTS | {"api-server-access": "FAIL"}


def build(a: Account) -> None:
    """Build the account."""
    cluster = clean.build(a)
    front = a.group(cluster.vpc, "prod-apiserver-classic")  # OK
    front.allow("tcp/443", WORLD)  # NOT OK: api-server-access/internet
    cluster.masters.allow("tcp/6443", front)  # OK
    a.clb("prod-apiserver-classic", cluster.public, [front], 443, [cluster.control_plane], 6443)  # OK

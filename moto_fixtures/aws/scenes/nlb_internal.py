"""A second load balancer for the API, internal and without a security group, is open to the whole VPC."""

from __future__ import annotations

from moto_fixtures.aws.builder import Account
from moto_fixtures.aws.scenes import clean

DECLARED = clean.DECLARED
VERDICTS = clean.VERDICTS | {"api-server-access": "FAIL"}


def build(a: Account) -> None:
    """Build the account."""
    cluster = clean.build(a)
    cluster.masters.allow("tcp/6443", cluster.vpc.cidr)  # NOT OK: api-server-access/inside
    inner = a.nlb("prod-inner", cluster.private, internal=True)  # OK
    a.listener(inner, 6443, [cluster.control_plane], 6443)  # OK

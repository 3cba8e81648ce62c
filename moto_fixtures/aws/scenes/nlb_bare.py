"""A second path to the API: a network load balancer without a security group, with targets by address.

The control plane's rule for the VPC's range looks harmless, but the balancer sends from that range.
"""

from __future__ import annotations

from moto_fixtures.aws.builder import Account
from moto_fixtures.aws.scenes import clean

DECLARED = clean.DECLARED
VERDICTS = clean.VERDICTS | {"api-server-access": "FAIL"}


def build(a: Account) -> None:
    """Build the account."""
    cluster = clean.build(a)
    cluster.masters.allow("tcp/6443", cluster.vpc.cidr)  # NOT OK: api-server-access/inside
    bare = a.nlb("prod-bare", cluster.public)  # NOT OK: api-server-access/internet
    a.listener(bare, 443, [cluster.control_plane], 6443, by_address=True)  # OK

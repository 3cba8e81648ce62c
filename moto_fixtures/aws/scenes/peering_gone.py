"""A group of a monitoring VPC is let in to etcd and the kubelets, but the peering with that VPC is deleted."""

from __future__ import annotations

from moto_fixtures.aws.builder import Account
from moto_fixtures.aws.scenes import clean

DECLARED = clean.DECLARED
VERDICTS = clean.VERDICTS


def build(a: Account) -> None:
    """Build the account."""
    cluster = clean.build(a)
    other = a.vpc("10.50.0.0/16")  # OK
    prometheus = a.group(other, "prometheus")  # OK
    a.host("prometheus", a.subnet(other), [prometheus])  # OK
    cluster.masters.allow("tcp/2381,tcp/10250", prometheus)  # OK
    cluster.nodes.allow("tcp/10250", prometheus)  # OK

"""A cluster of AWS with another instance in its VPC, which belongs to no cluster."""

from __future__ import annotations

from dataclasses import dataclass

from moto_fixtures.aws.builder import Account, Group, Host
from moto_fixtures.aws.scenes import clean


@dataclass(frozen=True)
class Built:
    """The cluster, and the other instance in a group of its own."""

    cluster: clean.Cluster
    jenkins: Group
    other: Host


def build(a: Account) -> Built:
    """Build the cluster and the instance."""
    cluster = clean.build(a)
    jenkins = a.group(cluster.vpc, "jenkins")
    return Built(cluster, jenkins, a.host("jenkins", cluster.private, [jenkins]))

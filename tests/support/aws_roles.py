"""Clusters and roles of AWS, for tests of its IAM catalog."""

from __future__ import annotations

from cloudguard.authorization.excess import Comparer, Excess
from cloudguard.model.cluster import Cluster
from cloudguard.model.identity import Identities, Identity, ServiceAccountIdentity
from cloudguard.model.network import Topology
from cloudguard.model.snapshot import SCHEMA, Snapshot
from cloudguard.model.source import Source
from cloudguard.needs.declarations import Declarations
from cloudguard_aws.iam_catalog.catalog_of_cluster import iam_catalog
from docs.identities.known_roles import KnownRole

ACCOUNT, REGION, CLUSTER = "111122223333", "eu-west-1", "prod"
VALUES = {
    "account": [ACCOUNT],
    "backups": ["backup-store/clusters"],
    "bucket": ["backup-store", "state-store"],
    "cluster": [CLUSTER],
    "key": [f"arn:aws:kms:{REGION}:{ACCOUNT}:key/prod-etcd", f"arn:aws:kms:{REGION}:{ACCOUNT}:key/prod-secrets"],
    "partition": ["aws"],
    "region": [REGION],
    "secrets": [f"arn:aws:kms:{REGION}:{ACCOUNT}:key/prod-secrets"],
    "state": ["state-store/clusters"],
    "zone": ["Z0000000000000"],
}
"""Values of every placeholder."""
_SOURCE = Source("test")


def snapshot(identities: Identities, installer: str = "kubeadm") -> Snapshot:
    """Return the snapshot of a cluster without hosts."""
    managed = installer == "eks"
    cluster = Cluster(CLUSTER, "aws", ACCOUNT, (REGION,), installer, "", managed, "")
    return Snapshot(SCHEMA, "test", "", "", cluster, Topology(), identities)


def excess_of(role: KnownRole) -> Excess:
    """Return the excess of a known role, in a cluster made by its installer."""
    prefix = f"arn:aws:iam::{ACCOUNT}:role"
    names = tuple(policy.id for policy in role.policies)
    identity = Identity(f"{prefix}/{role.name}", role.name, (role.holder,), names, _SOURCE)
    others = tuple(Identity(f"{prefix}/{name}", name, ("node",), (), _SOURCE) for name in role.others)
    moved = tuple(ServiceAccountIdentity(f"{prefix}/{one}", one, (one,), "", _SOURCE) for one in role.moved)
    found = snapshot(Identities((identity, *others), role.policies, service_accounts=moved), role.installer)
    return Comparer(found.cluster, found.identities, iam_catalog(found), Declarations(addons=role.addons)).of(identity)

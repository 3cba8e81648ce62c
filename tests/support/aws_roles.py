"""Clusters and roles of AWS, for tests of its IAM catalog."""

from __future__ import annotations

import builders
from cloudguard.authorization.excess import Excess
from cloudguard.model.identity import Identities
from cloudguard.model.snapshot import Snapshot
from docs.identities.known_roles import KnownRole
from docs.identities.render import ACCOUNT, CLUSTER, REGION, compared

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
    "dashed": [CLUSTER],
}
"""Placeholder of the need tables → its values."""


def snapshot(identities: Identities, installer: str = "kubeadm") -> Snapshot:
    """Return the snapshot of a cluster without hosts."""
    return builders.snapshot(
        identities=identities,
        installer=installer,
        managed=installer == "eks",
        provider="aws",
        account=ACCOUNT,
        region=REGION,
    )


def excess_of(role: KnownRole) -> Excess:
    """Return the excess of a known role, in a cluster of its installer."""
    comparer, identity = compared(role)
    return comparer.of(identity)

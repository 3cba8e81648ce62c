"""What is known of AWS permissions: the catalog, what Kubernetes needs, what gives power; no account is asked."""

from __future__ import annotations

from cloudguard.model.entitlement import Entitlements
from cloudguard.model.snapshot import Snapshot
from cloudguard_aws.entitlements.catalog import PublishedCatalog
from cloudguard_aws.entitlements.writing import PolicyDocuments


def entitlements(snapshot: Snapshot) -> Entitlements:
    """Return what is known, for the cluster of ``snapshot``."""
    cluster = snapshot.cluster
    return Entitlements(PublishedCatalog(), PolicyDocuments(), variables={"aws:principalaccount": cluster.account})

"""What is known of Google's permissions: the catalog, what Kubernetes needs, what gives power. No project is asked."""

from __future__ import annotations

from cloudguard.model.iam_catalog import Entitlements
from cloudguard.model.snapshot import Snapshot
from cloudguard_gcp.iam_catalog.catalog import catalog_of
from cloudguard_gcp.iam_catalog.needs import components, escalations
from cloudguard_gcp.iam_catalog.principals import Members
from cloudguard_gcp.iam_catalog.role_writer import RoleDocuments


def entitlements(snapshot: Snapshot) -> Entitlements:
    """Return what is known, for the cluster of ``snapshot``."""
    cluster = snapshot.cluster
    needs, ways = components(cluster.account), escalations()
    return Entitlements(
        catalog=catalog_of(snapshot, needs, ways),
        documents=RoleDocuments(),
        components=needs,
        escalations=ways,
        principals=Members(),
        home=("gcp", cluster.account, "", "", "", ""),
    )

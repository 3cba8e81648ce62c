"""What is known of Google's permissions: the catalog, what Kubernetes needs, what gives power. No project is asked."""

from __future__ import annotations

from cloudguard.model.iam_catalog import IamCatalog
from cloudguard.model.snapshot import Snapshot
from cloudguard_gcp.iam_catalog.catalog import catalog_of
from cloudguard_gcp.iam_catalog.needs import components, escalations
from cloudguard_gcp.iam_catalog.principals import Members
from cloudguard_gcp.iam_catalog.role_writer import RoleDocuments


def iam_catalog(snapshot: Snapshot) -> IamCatalog:
    """Return what is known, for the cluster of ``snapshot``."""
    cluster = snapshot.cluster
    needs, ways = components(cluster.account), escalations()
    return IamCatalog(
        catalog=catalog_of(snapshot, needs, ways),
        writer=RoleDocuments(),
        needs=needs,
        escalation_paths=ways,
        principals=Members(),
        home=("gcp", cluster.account, "", "", "", ""),
    )

"""A kops cluster whose nodes' service account is bound to roles, and the findings about it."""

from __future__ import annotations

from typing import Any

from cloudguard import pipeline
from cloudguard.needs.declarations import Declarations
from cloudguard.provider.port import CollectRequest
from cloudguard_gcp import ADAPTER
from gcp_clusters import kops
from gcp_project import Project
from gcp_proxy import Proxy
from gcp_server import Google

NODES = "nodes@acme-prod.iam.gserviceaccount.com"
MEMBER = f"serviceAccount:{NODES}"


def findings_of_nodes(google_cloud: Proxy, project: Project) -> dict[str, str]:
    """Return check → severity, for the findings about the nodes' service account."""
    google_cloud.google = Google(project)
    report = pipeline.evaluate(ADAPTER.collect(CollectRequest(cluster="prod")), Declarations())
    rows = {row.row: row for row in report.rows}
    mine = [finding for finding in rows["cloud-api-access"].findings if finding.resource.name == NODES]
    return {
        finding.check.partition("/")[2]: finding.severity.name.lower()
        for finding in mine
        if finding.check[-8:] != "metadata"
    }


def bound(role: str, *permissions: str, **rest: Any) -> Project:  # noqa: ANN401 - JSON
    """Return a project whose nodes' service account is bound to ``role`` with ``permissions``."""
    project = kops()
    project.role(role, *permissions)
    project.bind(role, MEMBER, **rest)
    return project

"""A run in which Google Cloud denies a call: findings on unread facts do not count as fixed."""

from __future__ import annotations

import pytest

from cloudguard import collection
from cloudguard.model.snapshot import Snapshot
from gcp_clusters import kops, open_ssh
from gcp_project import Project
from gcp_proxy import Proxy
from gcp_server import Google
from nights import assert_unconfirmed


@pytest.mark.parametrize(
    ("project", "denied", "check"),
    [
        (open_ssh(), "compute.firewalls.list", "node-access/internet"),
        (open_ssh(), "compute.routes.list", "node-access/internet"),
        (kops(editor=True), "resourcemanager.projects.getIamPolicy", "cloud-api-access/outside"),
    ],
)
def test_a_finding_hidden_by_a_denied_call_is_not_fixed(
    project: Project, denied: str, check: str, google_cloud: Proxy
) -> None:
    def night(*refused: str) -> Snapshot:
        google_cloud.google = Google(project, frozenset(refused))
        return collection.collect("gcp", cluster="prod")

    assert_unconfirmed(night(), night(denied), check)

"""Service accounts of hosts that belong to another project: their grants in that project."""

from __future__ import annotations

import pytest

from cloudguard import pipeline
from cloudguard.needs.declarations import Declarations
from cloudguard.provider.port import CollectRequest
from cloudguard.results.report import Verdict
from cloudguard_gcp import ADAPTER
from gcp_clusters import kops
from gcp_project import Project
from gcp_proxy import Proxy
from gcp_server import Google

HOME, LISTING = "accounts-1", "compute.zones.list"
NODES = f"nodes@{HOME}.iam.gserviceaccount.com"


def elsewhere(*permissions: str) -> tuple[Project, Project]:
    """Return a cluster whose nodes use an account of another project, and that project, where it has permissions."""
    project, home = kops(), Project(HOME, "999")
    for list_ in project.lists["projects/acme-prod/zones/europe-west1-b/instances"]:
        for service_account in list_.get("serviceAccounts", ()):
            service_account["email"] = NODES
    home.account(NODES)
    project.answers[f"projects/-/serviceAccounts/{NODES}:getIamPolicy"] = {"bindings": []}
    project.role("roles/x", *permissions)
    home.bind("roles/x", f"serviceAccount:{NODES}")
    return project, home


@pytest.mark.mistake("grant-left-out")
@pytest.mark.parametrize(
    ("permission", "check"),
    [
        ("resourcemanager.projects.setIamPolicy", "administrator"),
        ("pubsub.topics.delete", "outside"),
        (LISTING, "listing"),
    ],
)
def test_the_grants_in_the_account_s_own_project_are_read(google_cloud: Proxy, permission: str, check: str) -> None:
    project, home = elsewhere(permission)
    google_cloud.google = Google(project, beside=(home,))
    row = pipeline.evaluate(ADAPTER.collect(CollectRequest(cluster="prod")), Declarations()).row("cloud-api-access")
    assert {finding.check.partition("/")[2] for finding in row.findings} - {"metadata"} == {check}


@pytest.mark.mistake("grant-left-out")
def test_the_grants_in_a_project_that_cannot_be_read_are_unknown(google_cloud: Proxy) -> None:
    google_cloud.google = Google(elsewhere(LISTING)[0])
    row = pipeline.evaluate(ADAPTER.collect(CollectRequest(cluster="prod")), Declarations()).row("cloud-api-access")
    assert row.verdict is Verdict.UNKNOWN
    assert f"projects/{HOME}" in row.why


@pytest.mark.mistake("stranger-trusted")
def test_outsiders_are_bound_on_the_account_s_own_project(google_cloud: Proxy) -> None:
    project, home = elsewhere(LISTING)
    project.role("roles/iam.serviceAccountTokenCreator", "iam.serviceAccounts.getAccessToken")
    members = [
        "serviceAccount:ci@elsewhere-1.iam.gserviceaccount.com",
        f"serviceAccount:ci@{HOME}.iam.gserviceaccount.com",
    ]
    home.bind("roles/iam.serviceAccountTokenCreator", *members)
    google_cloud.google = Google(project, beside=(home,))
    row = pipeline.evaluate(ADAPTER.collect(CollectRequest(cluster="prod")), Declarations()).row("cloud-api-access")
    [finding] = [finding for finding in row.findings if finding.check == "cloud-api-access/trust"]
    assert finding.message.startswith("ci@elsewhere-1.iam")

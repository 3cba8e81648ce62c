"""Service accounts as which an identity of the cluster may act: a powerful one is an escalation."""

from __future__ import annotations

import pytest

from cloudguard import pipeline
from cloudguard.needs.declarations import Declarations
from cloudguard.provider.port import CollectRequest
from cloudguard.results.report import RowResult, Verdict
from cloudguard_gcp import ADAPTER
from gcp_clusters import EDITOR, gke
from gcp_project import Project
from gcp_proxy import Proxy
from gcp_server import Google

POOL = "acme-prod.svc.id.goog"
ROLES = {
    "roles/owner": (*EDITOR, "resourcemanager.projects.setIamPolicy"),
    "roles/editor": EDITOR,
    "roles/container.admin": ("container.clusters.update", "container.clusterRoles.bind"),
    "roles/pubsub.editor": ("pubsub.topics.delete",),
    "roles/iam.workloadIdentityUser": ("iam.serviceAccounts.getAccessToken",),
    "roles/iam.serviceAccountKeyAdmin": ("iam.serviceAccountKeys.create",),
    "roles/iam.serviceAccountUser": ("iam.serviceAccounts.actAs",),
}
TOKENS = "roles/iam.workloadIdentityUser"


def acting(how: str = TOKENS, held: str = "", *, through: str = "") -> Project:
    """Return a GKE cluster whose pods may act, by the role ``how``, as "deployer", which is bound to ``held``.

    ``through``: an account between them.
    """
    project = gke(workloadIdentityConfig={"workloadPool": POOL})
    for name, permissions in ROLES.items():
        project.role(name, *permissions)
    own, deployer = project.account("app"), project.account("deployer")
    project.bind(TOKENS, f"serviceAccount:{POOL}[default/app]", on=own)
    if through:
        between = project.account(through)
        project.bind(TOKENS, f"serviceAccount:{own}", on=between)
        own = between
    project.bind(how, f"serviceAccount:{own}", on=deployer)
    if held:
        project.bind(held, f"serviceAccount:{deployer}")
    return project


def judged(google_cloud: Proxy, project: Project) -> RowResult:
    google_cloud.google = Google(project)
    return pipeline.evaluate(ADAPTER.collect(CollectRequest(cluster="prod")), Declarations()).row("cloud-api-access")


@pytest.mark.mistake("identity-left-out")
@pytest.mark.parametrize("how", [TOKENS, "roles/iam.serviceAccountKeyAdmin"])
@pytest.mark.parametrize("held", ["roles/owner", "roles/editor", "roles/container.admin"])
def test_pods_that_take_a_powerful_account_escalate(google_cloud: Proxy, how: str, held: str) -> None:
    row = judged(google_cloud, acting(how, held))
    assert [(finding.check, finding.severity.name) for finding in row.findings] == [
        ("cloud-api-access/escalation", "CRITICAL")
    ]
    assert "can gain the permissions of deployer@acme-prod" in row.findings[0].message
    assert {held, how} <= {fact.rule.partition(" on ")[0] for fact in row.findings[0].evidence}


@pytest.mark.mistake("identity-left-out")
@pytest.mark.parametrize(
    ("how", "held"),
    [(TOKENS, ""), (TOKENS, "roles/pubsub.editor"), ("roles/iam.serviceAccountUser", "roles/owner")],
    ids=["which is granted nothing", "with few permissions", "which only another service would run as"],
)
def test_another_account_leaves_the_need_of_pods_unknown(google_cloud: Proxy, how: str, held: str) -> None:
    assert judged(google_cloud, acting(how, held)).verdict is Verdict.UNKNOWN


@pytest.mark.mistake("identity-left-out")
def test_an_account_is_taken_through_another(google_cloud: Proxy) -> None:
    [finding] = judged(google_cloud, acting(held="roles/owner", through="build")).findings
    assert "can gain the permissions of deployer@acme-prod" in finding.message


@pytest.mark.mistake("identity-left-out")
def test_an_account_whose_role_cannot_be_read_is_unknown(google_cloud: Proxy) -> None:
    project = acting(held="projects/acme-prod/roles/gone")
    assert judged(google_cloud, project).verdict is Verdict.UNKNOWN


@pytest.mark.mistake("identity-left-out")
def test_a_node_that_takes_an_owner_s_tokens_escalates(google_cloud: Proxy) -> None:
    project = acting(held="roles/owner")
    project.bind(
        TOKENS,
        "serviceAccount:gke-nodes@acme-prod.iam.gserviceaccount.com",
        on="deployer@acme-prod.iam.gserviceaccount.com",
    )
    found = {
        (finding.check.partition("/")[2], finding.resource.name.partition("@")[0])
        for finding in judged(google_cloud, project).findings
    }
    assert ("escalation", "gke-nodes") in found


@pytest.mark.parametrize(
    ("permission", "verdict"), [("logging.logEntries.create", Verdict.PASS), ("pubsub.topics.delete", Verdict.UNKNOWN)]
)
def test_pods_may_write_logs(google_cloud: Proxy, permission: str, verdict: Verdict) -> None:
    project = gke(workloadIdentityConfig={"workloadPool": POOL})
    project.role("roles/x", permission)
    project.bind("roles/x", f"serviceAccount:{POOL}[default/app]")
    assert judged(google_cloud, project).verdict is verdict


@pytest.mark.mistake("identity-left-out")
@pytest.mark.parametrize(
    ("fleet", "verdict"),
    [
        ({"project": "fleet-1"}, Verdict.FAIL),
        (
            {"project": "999", "membership": "//gkehub.googleapis.com/projects/fleet-1/locations/x/memberships/prod"},
            Verdict.FAIL,
        ),
        ({"project": "fleet-2"}, Verdict.PASS),
    ],
)
def test_pods_have_identities_of_the_fleet_s_pool(google_cloud: Proxy, fleet: dict[str, str], verdict: Verdict) -> None:
    project = gke(workloadIdentityConfig={"workloadPool": POOL}, fleet=fleet)
    project.role("roles/owner", "resourcemanager.projects.setIamPolicy")
    project.bind("roles/owner", "serviceAccount:fleet-1.svc.id.goog[default/ci]")
    assert judged(google_cloud, project).verdict is verdict


@pytest.mark.mistake("identity-left-out")
def test_pods_that_administer_the_cluster_escalate(google_cloud: Proxy) -> None:
    project = acting()
    project.bind("roles/container.admin", "serviceAccount:app@acme-prod.iam.gserviceaccount.com")
    [finding] = judged(google_cloud, project).findings
    assert "can gain all permissions in the Kubernetes cluster" in finding.message

"""Who may act as a cluster's service accounts by inherited bindings, and the grants of Kubernetes service accounts."""

from __future__ import annotations

from typing import Final

import pytest

from cloudguard import pipeline
from cloudguard.model.snapshot import Snapshot
from cloudguard.needs.declarations import Declarations
from cloudguard.provider.port import CollectRequest
from cloudguard.results.report import RowResult, Verdict
from cloudguard_gcp import ADAPTER
from gcp_clusters import gke, kops
from gcp_project import Project
from gcp_proxy import Proxy
from gcp_server import Google

POOL: Final = "acme-prod.svc.id.goog"
IN_POOL: Final = f"iam.googleapis.com/projects/123456789012/locations/global/workloadIdentityPools/{POOL}"
FEDERATED: Final = (
    "principalSet://iam.googleapis.com/projects/123456789012/locations/global/workloadIdentityPools/github/*"
)
NODES: Final = "gke-nodes@acme-prod.iam.gserviceaccount.com"


def cluster() -> Project:
    """Return a GKE cluster with Workload Identity, in a folder of an organization."""
    project = gke(workloadIdentityConfig={"workloadPool": POOL})
    project.answer("resources", f"v3:projects/{project.name}", {"projectId": project.name, "parent": "folders/1"})
    project.answer("resources", "folders/1", {"name": "folders/1", "parent": "organizations/2"})
    project.policy("folders/1")
    project.policy("organizations/2")
    project.role("roles/iam.serviceAccountTokenCreator", "iam.serviceAccounts.getAccessToken")
    project.role("roles/iam.workloadIdentityUser", "iam.serviceAccounts.getAccessToken", "iam.serviceAccounts.get")
    project.role("roles/owner", "resourcemanager.projects.setIamPolicy", "iam.serviceAccounts.actAs")
    return project


def collected(google_cloud: Proxy, project: Project) -> Snapshot:
    google_cloud.google = Google(project)
    snapshot = ADAPTER.collect(CollectRequest(cluster="prod"))
    assert snapshot.gaps == ()
    return snapshot


def row(google_cloud: Proxy, project: Project) -> RowResult:
    return pipeline.evaluate(collected(google_cloud, project), Declarations()).row("cloud-api-access")


def found(row: RowResult, check: str) -> list[tuple[str, str]]:
    """Return (identity, severity) of the findings of a check."""
    return [
        (finding.resource.name, finding.severity.name.lower())
        for finding in row.findings
        if finding.check == f"{row.row}/{check}"
    ]


@pytest.mark.mistake("stranger-trusted")
@pytest.mark.parametrize("level", ["", "folders/1", "organizations/2"])
@pytest.mark.parametrize(
    "member",
    [
        FEDERATED,
        "serviceAccount:ci@elsewhere-123.iam.gserviceaccount.com",
        "serviceAccount:999999999999-compute@developer.gserviceaccount.com",
        "user:contractor@gmail.com",
    ],
)
def test_a_member_bound_above_a_service_account_may_act_as_it(google_cloud: Proxy, level: str, member: str) -> None:
    project = cluster()
    project.bind("roles/iam.serviceAccountTokenCreator", member, on=level)
    assert found(row(google_cloud, project), "trust") == [(NODES, "high")]


@pytest.mark.mistake("stranger-trusted")
@pytest.mark.parametrize(
    ("condition", "verdict"),
    [
        ('resource.name.endsWith("serviceAccounts/other@acme-prod.iam.gserviceaccount.com")', Verdict.UNKNOWN),
        (f'resource.name.endsWith("serviceAccounts/{NODES}")', Verdict.UNKNOWN),
        ('resource.service == "compute.googleapis.com"', Verdict.PASS),
        ('resource.type != "compute.googleapis.com/Disk"', Verdict.FAIL),
    ],
)
def test_a_condition_on_attributes_that_service_accounts_lack_is_undecided(
    google_cloud: Proxy, condition: str, verdict: Verdict
) -> None:
    """https://cloud.google.com/iam/docs/conditions-resource-attributes lists the services with resource attributes."""
    project = cluster()
    outsider = "serviceAccount:ci@elsewhere-123.iam.gserviceaccount.com"
    project.bind("roles/iam.serviceAccountTokenCreator", outsider, condition=condition)
    assert row(google_cloud, project).verdict is verdict


@pytest.mark.mistake("grant-left-out")
@pytest.mark.parametrize(
    ("place", "level", "verdict"),
    [
        ("projects/123456789012", "", Verdict.FAIL),
        ("folders/1", "folders/1", Verdict.FAIL),
        ("organizations/2", "organizations/2", Verdict.FAIL),
        ("folders/9", "", Verdict.UNKNOWN),
        ("organizations/9", "", Verdict.PASS),
    ],
)
def test_a_set_of_all_service_accounts_includes_the_nodes(
    google_cloud: Proxy, place: str, level: str, verdict: Verdict
) -> None:
    project = cluster()
    project.role("roles/browser", "resourcemanager.projects.setIamPolicy")
    project.bind(
        "roles/browser", f"principalSet://cloudresourcemanager.googleapis.com/{place}/type/ServiceAccount", on=level
    )
    judged = row(google_cloud, project)
    assert (judged.verdict, (NODES, "critical") in found(judged, "administrator")) == (verdict, verdict is Verdict.FAIL)


def test_a_personal_account_counts_as_owner_of_a_project_without_organization(google_cloud: Proxy) -> None:
    project = cluster()
    project.answer("resources", f"v3:projects/{project.name}", {"projectId": project.name})
    project.bind("roles/iam.serviceAccountTokenCreator", "user:ana@gmail.com")
    assert found(row(google_cloud, project), "trust") == []


@pytest.mark.mistake("stranger-trusted")
def test_everyone_bound_above_a_service_account_may_act_as_it(google_cloud: Proxy) -> None:
    project = cluster()
    project.bind("roles/owner", "allAuthenticatedUsers", on="organizations/2")
    assert (NODES, "critical") in found(row(google_cloud, project), "trust")


@pytest.mark.mistake("stranger-trusted")
@pytest.mark.parametrize(
    "member",
    [
        "user:owner@example.com",
        "group:admins@example.com",
        "serviceAccount:deployer@acme-prod.iam.gserviceaccount.com",
        "serviceAccount:123456789012@cloudservices.gserviceaccount.com",
        "serviceAccount:service-123456789012@compute-system.iam.gserviceaccount.com",
        "serviceAccount:service-123456789012@gcp-sa-artifactregistry.iam.gserviceaccount.com",
        f"serviceAccount:{POOL}[default/ci]",
    ],
)
def test_members_of_the_project_are_no_outsiders(google_cloud: Proxy, member: str) -> None:
    project = cluster()
    project.bind("roles/owner", member)
    assert found(row(google_cloud, project), "trust") == []


def test_a_role_without_permission_to_act_as_an_account_is_no_trust(google_cloud: Proxy) -> None:
    project = cluster()
    project.role("roles/viewer", "iam.serviceAccounts.get", "compute.instances.list")
    project.bind("roles/viewer", FEDERATED)
    assert found(row(google_cloud, project), "trust") == []


@pytest.mark.mistake("identity-left-out")
def test_a_service_account_of_pods_is_judged_with_the_cluster(google_cloud: Proxy) -> None:
    project = cluster()
    deployer = project.account("deployer")
    project.bind("roles/owner", f"serviceAccount:{deployer}")
    assert found(row(google_cloud, project), "administrator") == []
    project.bind("roles/iam.workloadIdentityUser", f"serviceAccount:{POOL}[default/ci]", on=deployer)
    assert found(row(google_cloud, project), "administrator") == [(deployer, "critical")]


@pytest.mark.mistake("identity-left-out")
def test_a_kubernetes_account_bound_on_the_project_may_act_as_all_its_accounts(google_cloud: Proxy) -> None:
    project = cluster()
    deployer = project.account("deployer")
    project.bind("roles/owner", f"serviceAccount:{deployer}")
    project.bind("roles/iam.workloadIdentityUser", f"principal://{IN_POOL}/subject/ns/default/sa/ci")
    snapshot = collected(google_cloud, project)
    held = {
        service_account.name: service_account.service_accounts
        for service_account in snapshot.identities.service_accounts
    }
    assert held[deployer] == held[NODES] == ("default:ci",)
    result = pipeline.evaluate(snapshot, Declarations()).row("cloud-api-access")
    assert (deployer, "critical") in found(result, "administrator")


@pytest.mark.mistake("identity-left-out")
@pytest.mark.parametrize(
    ("member", "name"),
    [
        (f"serviceAccount:{POOL}[default/ci]", "default/ci"),
        (f"principal://{IN_POOL}/subject/ns/default/sa/ci", "default/ci"),
        (f"principalSet://{IN_POOL}/namespace/default", "default/*"),
    ],
)
def test_roles_bound_to_kubernetes_accounts_are_their_grants(google_cloud: Proxy, member: str, name: str) -> None:
    project = cluster()
    project.bind("roles/owner", member)
    assert found(row(google_cloud, project), "administrator") == [(name, "critical")]


@pytest.mark.mistake("stranger-trusted")
def test_a_namespace_bound_to_the_nodes_account_is_a_finding(google_cloud: Proxy) -> None:
    project = cluster()
    project.bind("roles/iam.workloadIdentityUser", f"principalSet://{IN_POOL}/namespace/ci", on=NODES)
    assert found(row(google_cloud, project), "trust") == [(NODES, "medium")]


def test_a_cluster_without_workload_identity_has_no_kubernetes_accounts(google_cloud: Proxy) -> None:
    project = kops()
    project.role("roles/owner", "resourcemanager.projects.setIamPolicy")
    project.bind("roles/owner", f"serviceAccount:{POOL}[default/ci]")
    assert collected(google_cloud, project).identities.service_accounts == ()


@pytest.mark.mistake("identity-left-out")
@pytest.mark.parametrize(("name", "administrators"), [("prod", 1), ("staging", 0)])
def test_kubernetes_accounts_of_another_cluster_in_the_pool_do_not_count(
    google_cloud: Proxy, name: str, administrators: int
) -> None:
    where = "https://container.googleapis.com/v1/projects/acme-prod/locations/europe-west1/clusters"
    project = cluster()
    project.bind("roles/owner", f"principalSet://{IN_POOL}/kubernetes.cluster/{where}/{name}")
    assert len(found(row(google_cloud, project), "administrator")) == administrators

"""Service accounts of self-managed clusters that take on identities by a workload identity pool of the project."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import pytest

from cloudguard import pipeline
from cloudguard.needs.declarations import Declarations
from cloudguard.provider.port import CollectRequest
from cloudguard.results.report import RowResult, Verdict
from cloudguard_gcp import ADAPTER
from gcp_clusters import kops, openshift
from gcp_project import Project
from gcp_proxy import Proxy
from gcp_server import Google

_POOLS: Final = "iam.googleapis.com/projects/123456789012/locations/global/workloadIdentityPools"
DEPLOYER: Final = "subject/system:serviceaccount:shop:deployer"


def member(pool: str, who: str = DEPLOYER) -> str:
    return f"principal{'Set' if '*' in who or 'attribute' in who else ''}://{_POOLS}/{pool}/{who}"


def with_owner(project: Project, *members: str, direct: bool = False) -> Project:
    """Return a project with an owner that ``members`` can become; if ``direct``, the members are the owners."""
    project.role("roles/owner", "resourcemanager.projects.setIamPolicy")
    project.role("roles/iam.workloadIdentityUser", "iam.serviceAccounts.getAccessToken")
    owner = project.account("owner")
    project.bind("roles/owner", *(members if direct else (f"serviceAccount:{owner}",)))
    project.bind("roles/iam.workloadIdentityUser", *members, on=owner)
    return project


def beside_staging() -> Project:
    project = kops()
    subnet = project.link("regions/europe-west1/subnetworks/nodes")
    project.instance("staging-1", subnet, "10.0.0.99", labels={"k8s-io-cluster-name": "staging"})
    return project


def row(google_cloud: Proxy, project: Project) -> RowResult:
    google_cloud.google = Google(project)
    snapshot = ADAPTER.collect(CollectRequest(cluster="prod"))
    return pipeline.evaluate(snapshot, Declarations()).row("cloud-api-access")


@pytest.mark.mistake("identity-left-out")
@pytest.mark.parametrize(
    ("build", "members", "expected"),
    [
        (kops, [member("prod")], Verdict.FAIL),
        (kops, [member("prod-oidc")], Verdict.FAIL),
        (kops, [member("prod-k8s-pool")], Verdict.FAIL),
        (openshift, [member("prod-x7k2p")], Verdict.FAIL),
        (openshift, [member("prod")], Verdict.FAIL),
        (kops, [member("prod", "*"), member("prod")], Verdict.FAIL),
        (kops, [member("prod", "*")], Verdict.PASS),
        (kops, [member("prod", "subject/repo:acme/app:ref:refs/heads/main")], Verdict.PASS),
        (kops, [member("kubernetes")], Verdict.UNKNOWN),
        (kops, [member("production")], Verdict.UNKNOWN),
        (beside_staging, [member("staging-pool")], Verdict.PASS),
        (kops, [member("github", "attribute.repository/acme/app")], Verdict.PASS),
    ],
)
def test_a_pool_is_the_cluster_s_by_its_name_and_its_subjects(
    google_cloud: Proxy, build: Callable[[], Project], members: list[str], expected: Verdict
) -> None:
    result = row(google_cloud, with_owner(build(), *members))
    assert result.verdict is expected, (result.why, result.unknown)
    said = any("only the name of the identity provider" in finding.message for finding in result.findings)
    assert said is (expected is Verdict.FAIL)


@pytest.mark.mistake("identity-left-out")
def test_a_service_account_of_the_pool_may_be_an_owner_itself(google_cloud: Proxy) -> None:
    result = row(google_cloud, with_owner(kops(), member("prod"), direct=True))
    assert ("shop/deployer", "critical") in [
        (finding.resource.name, finding.severity.name.lower()) for finding in result.findings
    ]


@pytest.mark.mistake("stranger-trusted")
def test_its_own_service_account_is_no_outsider(google_cloud: Proxy) -> None:
    """Another subject of the same pool is one."""
    stranger = "subject/repo:acme/app:ref:refs/heads/main"
    result = row(google_cloud, with_owner(kops(), member("prod"), member("prod", stranger)))
    trusted = [finding.message for finding in result.findings if finding.check == "cloud-api-access/trust"]
    assert len(trusted) == 1
    assert stranger in trusted[0]

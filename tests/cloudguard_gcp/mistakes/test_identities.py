"""Outsiders that may become the nodes' account, accounts that the cluster's own may take over, and inherited grants."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from cloudguard.results.report import RowResult
from gcp_clusters import gke, kops
from gcp_identities import MEMBER, NODES
from gcp_judged import IDENTITY, Build, report_of
from gcp_project import Project
from gcp_proxy import Proxy

POOL = "acme-prod.svc.id.goog"
POOLS = "iam.googleapis.com/projects/123456789012/locations/global/workloadIdentityPools"
CI, DEPLOYER = "serviceAccount:ci@elsewhere-1.iam.gserviceaccount.com", "deployer@acme-prod.iam.gserviceaccount.com"
LASTING, OVER = (f'request.time < timestamp("{year}-01-01T00:00:00Z")' for year in (2999, 2020))
ROLES = {
    "owner": ("resourcemanager.projects.setIamPolicy",),
    "tokens": ("iam.serviceAccounts.getAccessToken",),
    "user": ("iam.serviceAccounts.actAs",),
    "keys": ("iam.serviceAccountKeys.create",),
    "policies": ("iam.serviceAccounts.setIamPolicy",),
    "signing": ("iam.serviceAccounts.signJwt",),
    "delegation": ("iam.serviceAccounts.implicitDelegation",),
    "viewing": ("iam.serviceAccounts.get", "iam.serviceAccountKeys.list"),
}


def organized(build: Build = kops) -> Project:
    """Return a cluster in a folder of an organization, with the roles."""
    project = build()
    project.answer("resources", f"v3:projects/{project.name}", {"projectId": project.name, "parent": "folders/1"})
    project.answer("resources", "folders/1", {"name": "folders/1", "parent": "organizations/2"})
    for level in ("folders/1", "organizations/2"):
        project.policy(level)
    for name, permissions in ROLES.items():
        project.role(f"roles/{name}", *permissions)
    return project


def trusting(member: str, role: str = "tokens", *, condition: str = "", on: str = NODES) -> Callable[[], Project]:
    def build() -> Project:
        project = organized()
        project.bind(f"roles/{role}", member, on=on, condition=condition)
        return project

    return build


def row_of(google_cloud: Proxy, project: Project) -> RowResult:
    return report_of(google_cloud, project).row(IDENTITY)


TRUSTED: dict[str, tuple[Build, bool]] = {
    "another project's account that may sign": (trusting(CI, "signing"), True),
    "another project's account that may make keys": (trusting(CI, "keys"), True),
    "another project's account that may set the policy": (trusting(CI, "policies"), True),
    "another project's account by others": (trusting(CI, "delegation"), True),
    "another project's account that may only look": (trusting(CI, "viewing"), False),
    "another project's account, by the folder": (trusting(CI, on="folders/1"), True),
    "another project's account, until a day to come": (trusting(CI, condition=LASTING), True),
    "another project's account, until a day in the past": (trusting(CI, condition=OVER), False),
    "another project's pods": (trusting("serviceAccount:elsewhere-1.svc.id.goog[a/b]"), True),
    "pods of the project's own clusters": (trusting(f"serviceAccount:{POOL}[a/b]"), False),
    "employees by another identity provider": (
        trusting("principalSet://iam.googleapis.com/locations/global/workforcePools/corp/*"),
        True,
    ),
    "a group of private accounts": (trusting("group:friends@googlegroups.com"), True),
    "a group of the organization": (trusting("group:ops@acme.com"), False),
    "a domain": (trusting("domain:partner.com"), True),
    "accounts of another organization": (
        trusting("principalSet://cloudresourcemanager.googleapis.com/organizations/9/type/ServiceAccount"),
        True,
    ),
    "Google's agent for the organization": (
        trusting("serviceAccount:service-org-2@security-center-api.iam.gserviceaccount.com"),
        False,
    ),
    "Google's agent for another project": (
        trusting("serviceAccount:service-999@container-engine-robot.iam.gserviceaccount.com"),
        True,
    ),
}


@pytest.mark.mistake("stranger-trusted")
@pytest.mark.parametrize(("build", "outside"), TRUSTED.values(), ids=TRUSTED)
def test_an_outsider_that_may_become_the_nodes_account(google_cloud: Proxy, build: Build, *, outside: bool) -> None:
    row = row_of(google_cloud, build())
    assert bool([finding for finding in row.findings if finding.check == f"{IDENTITY}/trust"]) is outside, row.why


def taking(
    member: str, role: str = "tokens", *, condition: str = "", on: str = DEPLOYER, build: Build = kops
) -> Callable[[], Project]:
    """Return a function that builds a project whose owner is the account "deployer", as which a member may act."""

    def built() -> Project:
        project = organized(build)
        project.bind("roles/owner", f"serviceAccount:{project.account('deployer')}")
        project.bind(f"roles/{role}", member, on=on, condition=condition)
        return project

    return built


def with_pods() -> Project:
    return gke(workloadIdentityConfig={"workloadPool": POOL})


GAINED, ADMIN = "escalation", "administrator"
ALL = "principalSet://cloudresourcemanager.googleapis.com/projects/123456789012/type/ServiceAccount"
TAKEN: dict[str, tuple[Build, str]] = {
    "by its policy": (taking(MEMBER, "policies"), GAINED),
    "by its keys": (taking(MEMBER, "keys"), GAINED),
    "by its signature": (taking(MEMBER, "signing"), GAINED),
    "by a delegation": (taking(MEMBER, "delegation"), GAINED),
    "as one of everyone": (taking("allAuthenticatedUsers"), GAINED),
    "as one of the project's accounts": (taking(ALL), GAINED),
    "until a day to come": (taking(MEMBER, condition=LASTING), GAINED),
    "on the whole project": (taking(MEMBER, on=""), GAINED),
    "on the whole project, until a day to come": (taking(MEMBER, on="", condition=LASTING), GAINED),
    "on the whole folder": (taking(MEMBER, on="folders/1"), GAINED),
    "a pod by its account": (taking(f"serviceAccount:{POOL}[default/ci]", build=with_pods), ADMIN),
    "a pod by its namespace": (taking(f"principalSet://{POOLS}/{POOL}/namespace/ci", build=with_pods), ADMIN),
    "a pod by its UID": (
        taking(f"principalSet://{POOLS}/{POOL}/kubernetes.serviceaccount.uid/7", build=with_pods),
        ADMIN,
    ),
    "a pod of any kind": (taking(f"principalSet://{POOLS}/{POOL}/*", build=with_pods), ADMIN),
    "a pod, on the whole folder": (
        taking(f"serviceAccount:{POOL}[default/ci]", on="folders/1", build=with_pods),
        ADMIN,
    ),
}


@pytest.mark.mistake("identity-left-out")
@pytest.mark.parametrize(("build", "check"), TAKEN.values(), ids=TAKEN)
def test_an_account_that_the_cluster_may_take_over(google_cloud: Proxy, build: Build, check: str) -> None:
    row = row_of(google_cloud, build())
    found = {finding.check for finding in row.findings if finding.severity.name == "CRITICAL"}
    assert f"{IDENTITY}/{check}" in found, (row.why, row.unknown)


LEFT: dict[str, tuple[Build, str]] = {
    "a group, whose members are not read": (taking("group:ops@acme.com"), "UNKNOWN"),
    "at some hours": (taking(MEMBER, condition="request.time.getHours() > 3"), "UNKNOWN"),
    "by the name of the account, on the project": (
        taking(MEMBER, on="", condition=f'resource.name.endsWith("serviceAccounts/{DEPLOYER}")'),
        "UNKNOWN",
    ),
    "until a day in the past": (taking(MEMBER, condition=OVER), "PASS"),
    "on machines, on the project": (
        taking(MEMBER, on="", condition='resource.type == "compute.googleapis.com/Instance"'),
        "PASS",
    ),
}


@pytest.mark.mistake("grant-left-out")
@pytest.mark.parametrize(("build", "verdict"), LEFT.values(), ids=LEFT)
def test_a_grant_that_is_not_understood_is_undecided(google_cloud: Proxy, build: Build, verdict: str) -> None:
    row = row_of(google_cloud, build())
    assert row.verdict == verdict, (row.why, row.unknown)


@pytest.mark.mistake("wrong-witness")
def test_one_account_by_its_uid_is_not_called_any_account(google_cloud: Proxy) -> None:
    row = row_of(google_cloud, TAKEN["a pod by its UID"][0]())
    assert not [finding.message for finding in row.findings if "any Kubernetes service account" in finding.message]

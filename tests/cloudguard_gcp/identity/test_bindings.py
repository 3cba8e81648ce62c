"""Principals of Google's bindings and deny policies: by name, as part of everybody, or possibly as part of a set."""

from __future__ import annotations

from typing import Any

import pytest

from cloudguard import pipeline
from cloudguard.needs.declarations import Declarations
from cloudguard.provider.port import CollectRequest
from cloudguard.results.report import Verdict
from cloudguard_gcp import ADAPTER
from gcp_clusters import gke, kops
from gcp_identities import MEMBER, NODES, bound, findings_of_nodes
from gcp_project import PLATFORM, Project
from gcp_proxy import Proxy
from gcp_server import Google


def denying(**rule: Any) -> Project:  # noqa: ANN401 - JSON
    """Return a project whose nodes may delete topics, except for a deny rule."""
    project = bound("roles/x", "pubsub.topics.delete")
    path = "policies/cloudresourcemanager.googleapis.com/projects/acme-prod/denypolicies"
    named = "policies/cloudresourcemanager.googleapis.com%2Fprojects%2Facme-prod/denypolicies/d"
    project.lists[path] = [{"name": named}]
    whole = {"deniedPermissions": ["pubsub.googleapis.com/topics.delete"], **rule}
    project.answers[f"{path}/d"] = {"name": named, "rules": [{"denyRule": whole}]}
    return project


EVERYBODY = "principalSet://goog/public:all"
OWN = f"principal://iam.googleapis.com/projects/-/serviceAccounts/{NODES}"
SETS = [
    "principalSet://goog/group/robots@example.com",
    "principalSet://goog/cloudIdentityCustomerId/C01",
    "principalSet://cloudresourcemanager.googleapis.com/projects/1/type/ServiceAccount",
    "principalSet://agents.example.com/all",
]


def uncertain_sets(google_cloud: Proxy, project: Project) -> set[str]:
    """Return the sets of principals that make the grants of the nodes' account uncertain. It certainly has none."""
    google_cloud.google = Google(project)
    row = pipeline.evaluate(ADAPTER.collect(CollectRequest(cluster="prod")), Declarations()).row("cloud-api-access")
    assert not [finding for finding in row.findings if finding.check.endswith("/outside")]
    return {principals for principals in SETS for text in row.unknown if principals in text}


@pytest.mark.mistake("document-misread")
def test_a_denied_permission_is_not_granted(google_cloud: Proxy) -> None:
    assert "outside" not in findings_of_nodes(google_cloud, denying(deniedPrincipals=[EVERYBODY]))
    spared = denying(deniedPrincipals=[EVERYBODY], exceptionPrincipals=[OWN])
    assert findings_of_nodes(google_cloud, spared)["outside"] == "high"
    others = denying(deniedPrincipals=["principal://goog/subject/ana@example.com"])
    assert findings_of_nodes(google_cloud, others)["outside"] == "high"


@pytest.mark.mistake("document-misread")
@pytest.mark.parametrize(
    ("until", "severity"), [("2020-01-01", None), ("2999-01-01", "high")], ids=["it has ended", "it is in force"]
)
def test_a_grant_counts_until_it_ends(google_cloud: Proxy, until: str, severity: str | None) -> None:
    condition = f'request.time < timestamp("{until}T00:00:00Z")'
    project = bound("roles/x", "pubsub.topics.delete", condition=condition)
    assert findings_of_nodes(google_cloud, project).get("outside") == severity


@pytest.mark.mistake("document-misread")
@pytest.mark.parametrize("principals", SETS)
def test_a_denial_for_a_set_of_principals_is_uncertain(google_cloud: Proxy, principals: str) -> None:
    for rule in (
        {"deniedPrincipals": [principals]},
        {"deniedPrincipals": [EVERYBODY], "exceptionPrincipals": [principals]},
    ):
        assert uncertain_sets(google_cloud, denying(**rule)) == {principals}


@pytest.mark.mistake("grant-left-out")
def test_a_grant_to_a_set_of_principals_is_uncertain(google_cloud: Proxy) -> None:
    project = kops()
    project.role("roles/x", "pubsub.topics.delete")
    project.bind("roles/x", SETS[-1])
    assert uncertain_sets(google_cloud, project) == {SETS[-1]}


@pytest.mark.mistake("grant-left-out")
@pytest.mark.parametrize("group", ["group:ops@example.com", "principalSet://goog/group/ops@example.com"])
@pytest.mark.parametrize(
    ("permission", "verdict"), [("pubsub.topics.delete", Verdict.UNKNOWN), ("logging.logEntries.create", Verdict.PASS)]
)
def test_a_service_account_may_be_in_a_group(
    google_cloud: Proxy, group: str, permission: str, verdict: Verdict
) -> None:
    """The members of groups are not read. A role that only grants what nodes need is none the worse for it."""
    project = gke()
    project.role("roles/x", permission)
    project.bind("roles/x", group, "user:ana@example.com")
    google_cloud.google = Google(project)
    row = pipeline.evaluate(ADAPTER.collect(CollectRequest(cluster="prod")), Declarations()).row("cloud-api-access")
    assert row.verdict is verdict, row.unknown
    hint = f"{group}; if it contains none of the cluster's service accounts, give --outside-group ops@example.com"
    assert any(hint in text for text in row.unknown) is (verdict is Verdict.UNKNOWN)


@pytest.mark.mistake("grant-left-out")
@pytest.mark.parametrize(
    ("member", "severity"),
    [("allUsers", "high"), ("allAuthenticatedUsers", "high"), (EVERYBODY, "high"), ("domain:example.com", None)],
)
def test_everyone_includes_service_accounts_and_a_domain_does_not(
    google_cloud: Proxy, member: str, severity: str | None
) -> None:
    project = kops()
    project.role("roles/x", "pubsub.topics.delete")
    project.bind("roles/x", member)
    assert findings_of_nodes(google_cloud, project).get("outside") == severity


@pytest.mark.parametrize(
    ("outside", "verdict"), [("Ops@example.com", Verdict.PASS), ("ops@example.com.evil", Verdict.UNKNOWN)]
)
def test_the_user_says_which_groups_contain_no_service_account(
    google_cloud: Proxy, outside: str, verdict: Verdict
) -> None:
    project = gke()
    project.role("roles/x", "pubsub.topics.delete")
    project.bind("roles/x", "group:ops@example.com")
    google_cloud.google = Google(project)
    request = CollectRequest(cluster="prod", options={"outside-group": (outside,)})
    row = pipeline.evaluate(ADAPTER.collect(request), Declarations()).row("cloud-api-access")
    assert row.verdict is verdict, row.unknown
    assert f"by --outside-group, no service account is in {outside.lower()}" in row.why or verdict is not Verdict.PASS


def test_an_identity_of_a_pool_is_in_no_group(google_cloud: Proxy) -> None:
    pool = "acme-prod.svc.id.goog"
    pods = f"principal://iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/{pool}/subject/ns/a/sa/b"
    project = gke(workloadIdentityConfig={"workloadPool": pool})
    project.role("roles/x", "logging.logEntries.create")
    project.role("roles/y", "pubsub.topics.delete")
    project.bind("roles/x", pods)
    project.bind("roles/y", "group:ops@example.com")
    google_cloud.google = Google(project)
    identities = {
        identity.name: identity for identity in ADAPTER.collect(CollectRequest(cluster="prod")).identities.identities
    }
    assert any("roles/y" in name for name in identities["gke-nodes@acme-prod.iam.gserviceaccount.com"].policies)
    assert not any("roles/y" in name for name in identities["a/b"].policies)


@pytest.mark.parametrize("gone", [{"deleted": True}, {"stage": "DISABLED"}])
def test_a_deleted_or_disabled_role_grants_nothing(google_cloud: Proxy, gone: dict[str, Any]) -> None:
    role = "projects/acme-prod/roles/x"
    project = bound(role, "pubsub.topics.delete")
    assert findings_of_nodes(google_cloud, project)["outside"] == "high"
    project.answers[role] |= gone
    assert "outside" not in findings_of_nodes(google_cloud, project)


HOLDERS = {"nodes": "node-1", "masters": "master-a"}
"""The accounts of two hosts."""


def owned(*members: str) -> Project:
    """Return a project with two accounts of hosts, and ``members`` that are bound to a powerful role."""
    project = kops()
    project.role("roles/owner", "resourcemanager.projects.setIamPolicy", "iam.roles.update")
    account = project.account("masters")
    for list_ in project.lists["projects/acme-prod/zones/europe-west1-b/instances"]:
        if list_["name"] == HOLDERS["masters"]:
            list_["serviceAccounts"] = [{"email": account, "scopes": [PLATFORM]}]
    project.bind("roles/owner", *members)
    return project


def administrators(google_cloud: Proxy, project: Project) -> set[str]:
    google_cloud.google = Google(project)
    row = pipeline.evaluate(ADAPTER.collect(CollectRequest(cluster="prod")), Declarations()).row("cloud-api-access")
    return {
        finding.resource.name.partition("@")[0] for finding in row.findings if finding.check.endswith("/administrator")
    }


@pytest.mark.mistake("document-misread")
@pytest.mark.parametrize("named", HOLDERS)
def test_members_of_one_binding_are_judged_one_by_one(google_cloud: Proxy, named: str) -> None:
    """One is a member by its name. The other may be a member through a group."""
    project = owned(MEMBER.replace("nodes@", f"{named}@"), "group:ops@example.com")
    assert administrators(google_cloud, project) == {named}


@pytest.mark.mistake("document-misread")
@pytest.mark.parametrize("spared", HOLDERS)
def test_rules_of_one_deny_policy_are_judged_one_by_one(google_cloud: Proxy, spared: str) -> None:
    """Each rule denies permissions to one account. Only one of them loses all that makes it an administrator."""
    project = owned(*(MEMBER.replace("nodes@", f"{name}@") for name in HOLDERS))
    path = "policies/cloudresourcemanager.googleapis.com/projects/acme-prod/denypolicies"
    named = "policies/cloudresourcemanager.googleapis.com%2Fprojects%2Facme-prod/denypolicies/d"
    project.lists[path] = [{"name": named}]
    powers = ["cloudresourcemanager.googleapis.com/projects.setIamPolicy", "iam.googleapis.com/roles.update"]
    rules = [
        {"deniedPrincipals": [OWN.replace("nodes@", f"{name}@")], "deniedPermissions": powers[: 1 + (name != spared)]}
        for name in HOLDERS
    ]
    project.answers[f"{path}/d"] = {"name": named, "rules": [{"denyRule": rule} for rule in rules]}
    assert administrators(google_cloud, project) == {spared}

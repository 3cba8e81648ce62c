"""Administrators behind conditions, deny policies and scopes, and reads whose answers hold secrets or data."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from cloudguard.results.report import RowResult, Verdict
from gcp_clusters import gke, kops
from gcp_identities import MEMBER, NODES, bound, findings_of_nodes
from gcp_judged import IDENTITY, machine, report_of
from gcp_project import Project
from gcp_proxy import Proxy

ADMIN, TOKENS = "resourcemanager.projects.setIamPolicy", "iam.serviceAccounts.getAccessToken"
SCOPE = "https://www.googleapis.com/auth/"
NOT_A_DISK = 'resource.type != "compute.googleapis.com/Disk"'
OVER, LASTING = (f'request.time < timestamp("{year}-01-01T00:00:00Z")' for year in (2020, 2999))
LIMITED = "api.getAttribute('iam.googleapis.com/modifiedGrantsByRole', []).hasOnly(['roles/viewer'])"
DENIALS = "policies/cloudresourcemanager.googleapis.com%2Fprojects%2Facme-prod/denypolicies"


def granted(*permissions: str, condition: str = "") -> Callable[[], Project]:
    return lambda: bound("roles/x", *permissions, condition=condition)


def denied(*rules: dict[str, Any], permissions: tuple[str, ...] = (ADMIN,)) -> Callable[[], Project]:
    """Return a function that builds a project in which a deny policy denies something to the nodes."""

    def build() -> Project:
        project, path = bound("roles/x", *permissions), DENIALS.replace("%2F", "/")
        project.lists[path] = [{"name": f"{DENIALS}/d"}]
        project.answers[f"{path}/d"] = {"name": f"{DENIALS}/d", "rules": [{"denyRule": rule} for rule in rules]}
        return project

    return build


def scoped(permission: str, *by_node: tuple[str, ...]) -> Callable[[], Project]:
    """Return a function that builds a project whose two nodes have tokens with these scopes."""

    def build() -> Project:
        project = bound("roles/x", permission)
        for number, scopes in enumerate(by_node, 1):
            held = machine(project, f"node-{number}")["serviceAccounts"][0]
            held["scopes"] = [f"{SCOPE}{scope}" for scope in scopes]
        return project

    return build


def denial(*permissions: str, **rule: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON
    return {"deniedPrincipals": ["principalSet://goog/public:all"], "deniedPermissions": [*permissions], **rule}


OWN = f"principal://iam.googleapis.com/projects/-/serviceAccounts/{NODES}"
SETTING, UPDATING = "cloudresourcemanager.googleapis.com/projects.setIamPolicy", "iam.googleapis.com/roles.update"
RANKS: dict[str, tuple[Callable[[], Project], str]] = {
    "until a day to come": (granted(ADMIN, condition=LASTING), "administrator"),
    "on what is no disk": (granted(ADMIN, condition=NOT_A_DISK), "administrator"),
    "on projects": (
        granted(ADMIN, condition='resource.type == "cloudresourcemanager.googleapis.com/Project"'),
        "administrator",
    ),
    "on the service of projects": (
        granted(ADMIN, condition='resource.service == "cloudresourcemanager.googleapis.com"'),
        "administrator",
    ),
    "always": (granted(ADMIN, condition="true"), "administrator"),
    "until a day in the past, or on what is no disk": (
        granted(ADMIN, condition=f"{OVER} || {NOT_A_DISK}"),
        "administrator",
    ),
    "a custom role, until a day to come": (granted("iam.roles.update", condition=LASTING), "administrator"),
    "tokens, on what is no disk": (granted(TOKENS, condition=NOT_A_DISK), "escalation"),
    "tokens, by a role whose holders may only grant viewing": (granted(TOKENS, condition=LIMITED), "escalation"),
    "tokens with a scope for IAM only": (scoped(TOKENS, ("iam",), ("iam",)), "escalation"),
    "one host with all scopes beside one with few": (
        scoped(ADMIN, ("logging.write",), ("cloud-platform",)),
        "administrator",
    ),
    "a denial of another permission": (denied(denial(UPDATING)), "administrator"),
    "a denial that spares the nodes' account": (denied(denial(SETTING, exceptionPrincipals=[OWN])), "administrator"),
    "a denial that spares the permission": (
        denied(denial("*", exceptionPermissions=[SETTING]), permissions=("iam.roles.update", ADMIN)),
        "administrator",
    ),
    "a denial of one of two ways": (denied(denial(SETTING), permissions=(ADMIN, "iam.roles.update")), "administrator"),
    "a denial for another account": (
        denied(denial(SETTING) | {"deniedPrincipals": [OWN.replace(NODES, "ci@acme-prod.iam.gserviceaccount.com")]}),
        "administrator",
    ),
}


@pytest.mark.mistake("rank-lowered")
@pytest.mark.parametrize(("build", "check"), RANKS.values(), ids=RANKS)
def test_a_condition_hides_no_administrator(google_cloud: Proxy, build: Callable[[], Project], check: str) -> None:
    assert findings_of_nodes(google_cloud, build()).get(check) == "critical"


UNDECIDED: dict[str, Callable[[], Project]] = {
    "at some hours": granted(ADMIN, condition='request.time.getHours("Europe/Berlin") >= 9'),
    "with a tag": granted(ADMIN, condition='resource.matchTag("1/env", "prod")'),
    "if only viewing is granted": granted(ADMIN, condition=LIMITED),
    "on a name that only projects have": granted(ADMIN, condition='resource.name == "projects/acme-prod"'),
    "tokens of one account by its name": granted(TOKENS, condition='resource.name.endsWith("/deployer@x.y")'),
    "a denial at some hours": denied(denial(SETTING, denialCondition={"expression": 'resource.matchTag("1/a", "b")'})),
    "tokens with a scope that reads": scoped(TOKENS, ("cloud-platform.read-only",), ("cloud-platform.read-only",)),
    "a scope that is not known": scoped(ADMIN, ("made-up",), ("made-up",)),
}


@pytest.mark.mistake("rank-lowered")
@pytest.mark.parametrize("build", UNDECIDED.values(), ids=UNDECIDED)
def test_a_condition_that_is_not_understood_is_undecided(google_cloud: Proxy, build: Callable[[], Project]) -> None:
    row = judged(google_cloud, build())
    assert not [finding for finding in row.findings if finding.check.endswith(("/administrator", "/escalation"))]
    assert any("is undecided" in text for text in row.unknown), row.why


NOT_GRANTED: dict[str, Callable[[], Project]] = {
    "never": granted(ADMIN, condition="false"),
    "on disks": granted(TOKENS, condition='resource.type == "compute.googleapis.com/Disk"'),
    "on projects, which no token is taken of": granted(
        TOKENS, condition='resource.type == "cloudresourcemanager.googleapis.com/Project"'
    ),
    "on a name that no machine has": granted(
        "compute.instances.delete", condition='resource.name == "projects/acme-prod"'
    ),
}


@pytest.mark.mistake("document-misread")
@pytest.mark.parametrize("build", NOT_GRANTED.values(), ids=NOT_GRANTED)
def test_a_condition_that_no_request_meets_grants_nothing(google_cloud: Proxy, build: Callable[[], Project]) -> None:
    assert judged(google_cloud, build()).verdict is Verdict.PASS


def judged(google_cloud: Proxy, project: Project) -> RowResult:
    return report_of(google_cloud, project).row(IDENTITY)


READS = (
    *("secretmanager.versions.access", "container.secrets.list", "container.configMaps.get", "container.pods.getLogs"),
    *("bigtable.tables.readRows", "bigquery.readsessions.getData", "datastore.databases.export"),
    *("redis.instances.getAuthString", "config.deployments.getState", "gkehub.gateway.get"),
    *("clientauthconfig.clients.listWithSecrets", "developerconnect.gitRepositoryLinks.fetchReadToken"),
    *("compute.instances.getSerialPortOutput", "compute.instances.getScreenshot", "compute.snapshots.useReadOnly"),
    *("apikeys.keys.getKeyString", "logging.privateLogEntries.list", "parametermanager.parameterVersions.get"),
    *("securesourcemanager.repositories.fetch", "source.repos.get", "edgecontainer.serviceaccounts.listkeys"),
)
"""Reads by their names. Each answers with secrets or data."""
RUNS = (
    *("container.pods.exec", "container.pods.attach", "container.pods.portForward", "container.nodes.proxy"),
    *("cloudfunctions.functions.invoke", "run.jobs.run", "osconfig.patchJobs.exec", "workflows.executions.create"),
)
"""Actions that run something."""


@pytest.mark.mistake("secret-read-as-list")
@pytest.mark.parametrize("permission", [*READS, *RUNS])
def test_a_read_of_secrets_is_no_list(google_cloud: Proxy, permission: str) -> None:
    found = findings_of_nodes(google_cloud, bound("roles/x", permission))
    assert {check for check, severity in found.items() if severity in {"high", "critical"}}, found
    assert "listing" not in found


@pytest.mark.mistake("rank-lowered")
def test_scopes_of_nodes_do_not_limit_pods(google_cloud: Proxy) -> None:
    """The tokens of Workload Identity have every scope."""
    project = gke(workloadIdentityConfig={"workloadPool": "acme-prod.svc.id.goog"})
    for name in ("gke-prod-main-1", "gke-prod-main-2"):
        machine(project, name)["serviceAccounts"][0]["scopes"] = [f"{SCOPE}logging.write"]
    project.role("roles/owner", ADMIN)
    project.role("roles/iam.workloadIdentityUser", TOKENS)
    account = project.account("deployer")
    project.bind("roles/owner", f"serviceAccount:{account}")
    member = "serviceAccount:acme-prod.svc.id.goog[default/ci]"
    project.bind("roles/iam.workloadIdentityUser", member, on=account)
    found = [(finding.resource.name, finding.check) for finding in judged(google_cloud, project).findings]
    assert (account, f"{IDENTITY}/administrator") in found


@pytest.mark.mistake("rank-lowered")
def test_a_role_that_only_everyone_has_makes_an_administrator(google_cloud: Proxy) -> None:
    project = kops()
    project.role("roles/x", ADMIN)
    project.bind("roles/x", "allAuthenticatedUsers", condition=LASTING)
    assert findings_of_nodes(google_cloud, project).get("administrator") == "critical"
    project.bind("roles/x", MEMBER, condition=OVER)
    assert findings_of_nodes(google_cloud, project).get("administrator") == "critical"

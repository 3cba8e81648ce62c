"""Google's bindings, conditions, scopes and denials in the neutral model, and the resulting permissions."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloudguard import pipeline
from cloudguard.authorization.trust import admissions
from cloudguard.model.iam_catalog import Access, CallerKind, IamCatalog
from cloudguard.model.identity import Condition, Effect, PolicyDocument, PolicyKind, Statement
from cloudguard.needs.declarations import Declarations
from cloudguard.provider.iam.expressions import OPAQUE
from cloudguard.provider.port import CollectRequest
from cloudguard.results.finding import Severity
from cloudguard_gcp import ADAPTER
from cloudguard_gcp.access.resource_names import account, action, all_of, permission
from cloudguard_gcp.iam_catalog.catalog import RoleCatalog
from cloudguard_gcp.iam_catalog.principals import Members
from cloudguard_gcp.iam_catalog.role_writer import MAX_PERMISSIONS, RoleDocuments
from cloudguard_gcp.identity.roles import known_roles
from cloudguard_gcp.identity.scopes import statements_of
from drawn_policies import SOURCE, SmallCatalog
from draws import examples
from gcp_clusters import TELEMETRY, kops
from gcp_identities import MEMBER, NODES, bound, findings_of_nodes
from gcp_proxy import Proxy
from gcp_server import Google


def test_an_identity_granted_exactly_its_need_passes(google_cloud: Proxy) -> None:
    assert findings_of_nodes(google_cloud, kops()) == {}


def test_owner_like_roles_make_an_administrator(google_cloud: Proxy) -> None:
    assert (
        findings_of_nodes(google_cloud, bound("roles/owner", "resourcemanager.projects.setIamPolicy"))["administrator"]
        == "critical"
    )


@pytest.mark.mistake("secret-read-as-list")
def test_excess_that_writes_or_reads_data_is_high_and_listing_is_low(google_cloud: Proxy) -> None:
    assert findings_of_nodes(google_cloud, bound("roles/x", "bigquery.tables.getData")) == {"outside": "high"}
    assert findings_of_nodes(google_cloud, bound("roles/x", "bigquery.tables.list")) == {"listing": "low"}
    assert findings_of_nodes(google_cloud, bound("roles/x", "pubsub.topics.delete"))["outside"] == "high"


def test_scopes_limit_the_grants_of_a_role(google_cloud: Proxy) -> None:
    project = bound("roles/x", "pubsub.topics.delete")
    for list_ in project.lists["projects/acme-prod/zones/europe-west1-b/instances"]:
        for service_account in list_.get("serviceAccounts", ()):
            service_account["scopes"] = [
                "https://www.googleapis.com/auth/logging.write",
                "https://www.googleapis.com/auth/monitoring",
            ]
    assert "outside" not in findings_of_nodes(google_cloud, project)


@pytest.mark.mistake("grant-left-out")
def test_a_binding_above_the_project_reaches_other_projects(google_cloud: Proxy) -> None:
    project = kops()
    project.answer("resources", f"v3:projects/{project.name}", {"projectId": project.name, "parent": "folders/1"})
    project.answer("resources", "folders/1", {"name": "folders/1", "parent": "organizations/2"})
    project.policy("folders/1")
    project.policy("organizations/2")
    project.role("roles/logging.logWriter", "logging.logEntries.create")
    assert findings_of_nodes(google_cloud, project) == {}
    project.bind("roles/logging.logWriter", MEMBER, on="folders/1")
    assert findings_of_nodes(google_cloud, project) == {"outside": "high"}


def test_a_condition_is_read_and_narrows_the_grant(google_cloud: Proxy) -> None:
    asked = 'resource.name.startsWith("projects/_/buckets/a")'
    google_cloud.google = Google(bound("roles/x", "storage.buckets.delete", condition=asked))
    policies = ADAPTER.collect(CollectRequest(cluster="prod")).identities.policies
    (statement,) = [statement for policy in policies for statement in policy.statements if statement.conditions]
    assert statement.conditions == (Condition("StringLike", "resource.name", ("projects/_/buckets/a*",)),)


@pytest.mark.mistake("grant-left-out")
def test_a_binding_for_everybody_is_a_grant(google_cloud: Proxy) -> None:
    project = kops()
    project.role("roles/x", "pubsub.topics.delete")
    project.bind("roles/x", "allAuthenticatedUsers")
    assert findings_of_nodes(google_cloud, project)["outside"] == "high"


@pytest.mark.mistake("stranger-trusted")
def test_trust_of_a_service_account_is_judged(google_cloud: Proxy) -> None:
    project = kops()
    project.role("roles/iam.serviceAccountTokenCreator", "iam.serviceAccounts.getAccessToken")
    project.bind("roles/iam.serviceAccountTokenCreator", "allUsers", on=NODES)
    assert findings_of_nodes(google_cloud, project)["trust"] == "critical"
    project = kops()
    project.role("roles/iam.serviceAccountViewer", "iam.serviceAccounts.get")
    project.bind("roles/iam.serviceAccountViewer", "allUsers", on=NODES)
    assert "trust" not in findings_of_nodes(google_cloud, project)


def test_an_unreadable_role_makes_its_identity_unknown(google_cloud: Proxy) -> None:
    project = kops()
    project.bind("roles/unknown", MEMBER)
    google_cloud.google = Google(project)
    snapshot = ADAPTER.collect(CollectRequest(cluster="prod"))
    (gap,) = snapshot.gaps
    assert (gap.call, gap.resource) == ("iam.roles.get", "roles/unknown")
    row = pipeline.evaluate(snapshot, Declarations()).row("cloud-api-access")
    assert any("roles/unknown" in text for text in row.unknown)
    project.role("roles/x", "pubsub.topics.delete")
    project.bind("roles/x", MEMBER)
    assert findings_of_nodes(google_cloud, project)["outside"] == "high"


def test_an_unreadable_predefined_role_has_its_known_permissions(google_cloud: Proxy) -> None:
    project = kops()
    project.bind("roles/editor", MEMBER)
    google_cloud.google = Google(project)
    snapshot = ADAPTER.collect(CollectRequest(cluster="prod"))
    assert [gap.resource for gap in snapshot.gaps] == ["roles/editor"]
    row = pipeline.evaluate(snapshot, Declarations()).row("cloud-api-access")
    (worst, *_) = sorted(row.findings, key=lambda finding: -finding.severity)
    assert worst.severity is Severity.CRITICAL
    assert "as of 20" in str(worst)
    project = kops()
    project.bind("roles/logging.logWriter", MEMBER)
    google_cloud.google = Google(project)
    row = pipeline.evaluate(ADAPTER.collect(CollectRequest(cluster="prod")), Declarations()).row("cloud-api-access")
    assert row.unknown


def test_the_known_roles_have_permissions_and_a_date() -> None:
    known = known_roles()
    assert {*known["roles/container.defaultNodeServiceAccount"].permissions} == {*TELEMETRY}
    assert all(role.permissions and role.read for role in known.values())


@pytest.mark.mistake("unknown-word")
def test_an_unknown_scope_may_allow_anything() -> None:
    (unknown,) = statements_of(["made-up"])
    assert (unknown.actions, [condition.operator for condition in unknown.conditions]) == (("*",), [OPAQUE])
    assert statements_of(["https://www.googleapis.com/auth/userinfo.email"]) == ()


def test_a_readonly_scope_certainly_allows_plain_reads_and_perhaps_more() -> None:
    sure, perhaps = statements_of(["https://www.googleapis.com/auth/compute.readonly"])
    assert (sure.actions, sure.conditions) == (("compute:*.get", "compute:*.list", "compute:*.getIamPolicy"), ())
    assert "compute:*.get*" in perhaps.actions
    assert [condition.operator for condition in perhaps.conditions] == [OPAQUE]


POOL = "//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/ci"


@pytest.mark.mistake("stranger-trusted")
@pytest.mark.parametrize(
    ("member", "kind", "who", "named"),
    [
        ("allUsers", CallerKind.ANYONE, "anyone in any account", False),
        ("allAuthenticatedUsers", CallerKind.ANYONE, "anyone in any account", False),
        ("serviceAccount:acme-prod.svc.id.goog[dns/external]", None, "", False),
        ("serviceAccount:other.svc.id.goog[a/b]", CallerKind.OUTSIDER, "a:b of other", False),
        (f"principalSet:{POOL}/*", CallerKind.OUTSIDER, "any subject of ci", False),
        (f"principal:{POOL}/subject/main", CallerKind.OUTSIDER, "subject/main of ci", True),
        ("domain:example.com", CallerKind.OUTSIDER, "any subject of example.com", False),
        (
            "serviceAccount:x@other-one.iam.gserviceaccount.com",
            CallerKind.OUTSIDER,
            "x@other-one.iam.gserviceaccount.com of project other-one",
            False,
        ),
        ("serviceAccount:x@acme-prod.iam.gserviceaccount.com", None, "", False),
        ("user:someone@example.com", None, "", False),
    ],
)
def test_each_member_has_its_kind_and_name(member: str, kind: CallerKind | None, who: str, named: bool) -> None:  # noqa: FBT001
    trusted = Statement("#1", Effect.ALLOW, ("iam:serviceAccounts.actAs",), resources=("*",), principals=(member,))
    trust = PolicyDocument("t", "t", PolicyKind.TRUST, "user", "", (trusted,), SOURCE)
    found = admissions(IamCatalog(SmallCatalog(), RoleDocuments(), principals=Members("acme-prod")), trust)
    assert [(admission.caller.kind, admission.caller.who, admission.narrowed) for admission in found] == (
        [(kind, who, named)] if kind else []
    )


def test_permissions_and_account_names_are_converted_both_ways() -> None:
    assert permission(action("compute.instances.list")) == "compute.instances.list"
    assert account(NODES, "other").startswith("gcp:acme-prod:")
    assert account("1-compute@developer.gserviceaccount.com", "other").startswith("gcp:other:")


words = st.sampled_from(("compute:instances.list", "compute:disks.use", "storage:objects.get", "iam:roles.get"))
asked = st.lists(st.just(Condition("StringEquals", "resource.name", ("x",))), max_size=1)


@examples(50)
@given(st.lists(st.tuples(st.sets(words, min_size=1), asked), min_size=1, max_size=4))
def test_written_roles_are_read_back_unchanged(drawn: list[tuple[set[str], list[Condition]]]) -> None:
    statements = [
        Statement("#1", Effect.ALLOW, tuple(sorted(actions)), resources=(all_of("p"),), conditions=tuple(conditions))
        for actions, conditions in drawn
    ]
    documents = RoleDocuments()
    assert [statement for text in documents.write(statements) for statement in documents.read(text)] == statements


def test_a_large_role_is_split_and_an_inexpressible_one_is_refused() -> None:
    documents = RoleDocuments()
    many = tuple(f"compute:things.verb{number}" for number in range(MAX_PERMISSIONS + 1))
    texts = documents.write([Statement("#1", Effect.ALLOW, many, resources=("gcp:p:*:*:*:*",))])
    assert [len(json.loads(text)["includedPermissions"]) for text in texts] == [MAX_PERMISSIONS, 1]
    wrong = (
        Statement("#1", Effect.DENY, ("compute:x",), resources=("*",)),
        Statement("#1", Effect.ALLOW, ("compute:*",), resources=("*",)),
        Statement("#1", Effect.ALLOW, ("compute:x",), not_resources=("*",)),
    )
    for statement in wrong:
        with pytest.raises(ValueError, match=r"a role"):
            documents.write([statement])
    for text in ("[]", "{}", '{"includedPermissions": 1, "bindings": []}', "nothing"):
        with pytest.raises(ValueError, match=r"."):
            documents.read(text)


@pytest.mark.mistake("secret-read-as-list")
def test_the_verb_or_the_name_decides_the_access_of_an_action() -> None:
    catalog = RoleCatalog(["compute:instances.list", "compute:*"])
    assert catalog.access("compute:instances.list") is Access.LIST
    assert catalog.access("storage:objects.get") is Access.DATA
    assert catalog.access("compute:instances.setMetadata") is Access.WRITE
    assert list(catalog.actions("compute")) == ["instances.list"]


def test_scopes_are_a_boundary_of_the_identity(google_cloud: Proxy) -> None:
    google_cloud.google = Google(kops())
    snapshot = ADAPTER.collect(CollectRequest(cluster="prod"))
    kinds = {policy.kind for policy in snapshot.identities.policies}
    assert kinds == {PolicyKind.GRANT, PolicyKind.BOUNDARY}


@pytest.mark.mistake("imposed-misjudged")
@pytest.mark.parametrize(
    ("permissions", "severity"),
    [
        ((), None),
        (("logging.logEntries.create", "artifactregistry.repositories.downloadArtifacts"), "low"),
        (("compute.instances.list",), "medium"),
        (("storage.objects.get",), "medium"),
    ],
)
def test_the_metadata_server_s_severity_depends_on_the_account_s_grants(
    google_cloud: Proxy, permissions: tuple[str, ...], severity: str | None
) -> None:
    project = kops()
    (binding,) = project.answers["projects/acme-prod:getIamPolicy"]["bindings"]
    binding["members"] = ["user:somebody@example.com"]
    project.role("roles/x", *permissions)
    project.bind("roles/x", MEMBER)
    google_cloud.google = Google(project)
    row = pipeline.evaluate(ADAPTER.collect(CollectRequest(cluster="prod")), Declarations()).row("cloud-api-access")
    metadata = [finding.severity.name.lower() for finding in row.findings if finding.check.endswith("/metadata")]
    assert metadata == ([severity] if severity else [])

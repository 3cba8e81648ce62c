"""All kinds of members of bindings. Each id gives the reason for its answer."""

from __future__ import annotations

import pytest

from cloudguard.authorization.trust import admissions
from cloudguard.model.iam_catalog import CallerKind, IamCatalog
from cloudguard.model.identity import Condition, Effect, PolicyDocument, PolicyKind, Statement
from cloudguard_gcp.access.resource_names import owner_of
from cloudguard_gcp.iam_catalog.principals import Members
from cloudguard_gcp.iam_catalog.role_writer import RoleDocuments
from cloudguard_gcp.identity.conditions import TIME, conditions_of
from drawn_policies import SOURCE, SmallCatalog

pytestmark = pytest.mark.mistake("stranger-trusted")
PROJECT, NUMBER, OTHER = "acme-prod", "123456789012", "999999999999"
AGENT = "gcp-sa-cloudbuild.iam.gserviceaccount.com"
SETS = "principalSet://cloudresourcemanager.googleapis.com"
Found = tuple[CallerKind, bool] | None
"""(kind of the admitted caller, whether it is certain); None: only members of the project."""
OUTSIDER = (CallerKind.OUTSIDER, True)


def let_in(member: str, *names: str, conditions: tuple[Condition, ...] = (), organization: str = "") -> Found:
    trusted = Statement(
        "#1",
        Effect.ALLOW,
        ("iam:serviceAccounts.actAs",),
        resources=("*",),
        principals=(member,),
        conditions=conditions,
    )
    trust = PolicyDocument("t", "t", PolicyKind.TRUST, "user", "", (trusted,), SOURCE)
    members = Members(PROJECT, names, {TIME: "2026-05-05T12:00:00Z"}, organization=organization)
    found = admissions(IamCatalog(SmallCatalog(), RoleDocuments(), principals=members), trust)
    (only,) = found or (None,)
    return (only.caller.kind, not only.assumptions) if only else None


MEMBERS: dict[str, tuple[str, Found]] = {
    "the default account of its own project": (f"serviceAccount:{NUMBER}-compute@developer.gserviceaccount.com", None),
    "the default account of another project": (
        f"serviceAccount:{OTHER}-compute@developer.gserviceaccount.com",
        OUTSIDER,
    ),
    "the account by which Google's APIs change its own project": (
        f"serviceAccount:{NUMBER}@cloudservices.gserviceaccount.com",
        None,
    ),
    "the account by which Google's APIs change another project": (
        f"serviceAccount:{OTHER}@cloudservices.gserviceaccount.com",
        OUTSIDER,
    ),
    "builds of another project": (f"serviceAccount:{OTHER}@cloudbuild.gserviceaccount.com", OUTSIDER),
    "a service for its own project": (f"serviceAccount:service-{NUMBER}@{AGENT}", None),
    "a service for another project": (f"serviceAccount:service-{OTHER}@{AGENT}", OUTSIDER),
    "Compute Engine's service agent, bound in every project": (
        f"serviceAccount:service-{NUMBER}@compute-system.iam.gserviceaccount.com",
        None,
    ),
    "GKE's service agent, bound in every project with a cluster": (
        f"serviceAccount:service-{NUMBER}@container-engine-robot.iam.gserviceaccount.com",
        None,
    ),
    "a foreign account with a service agent's name": (
        f"serviceAccount:service-{NUMBER}@elsewhere-1.iam.gserviceaccount.com",
        OUTSIDER,
    ),
    "App Engine of another project": ("serviceAccount:elsewhere-1@appspot.gserviceaccount.com", OUTSIDER),
    "App Engine of its own project": (f"serviceAccount:{PROJECT}@appspot.gserviceaccount.com", None),
    "an account of a domain-scoped project": (
        "serviceAccount:ci@tools.example.com.iam.gserviceaccount.com",
        OUTSIDER,
    ),
    "Google itself, for no project": ("serviceAccount:cloud-logs@system.gserviceaccount.com", None),
    "every account of another project": (f"{SETS}/projects/{OTHER}/type/ServiceAccount", OUTSIDER),
    "every account of its own project": (f"{SETS}/projects/{NUMBER}/type/ServiceAccount", None),
    "every account of an organization, which may be its own": (
        f"{SETS}/organizations/2/type/ServiceAccount",
        (CallerKind.ORGANIZATION, True),
    ),
    "every account of a customer, who may be its own": (
        "principalSet://goog/cloudIdentityCustomerId/C01abc",
        (CallerKind.ORGANIZATION, True),
    ),
    "owners of another project": ("projectOwner:elsewhere-1", OUTSIDER),
    "owners of its own project": (f"projectOwner:{PROJECT}", None),
    "another spelling of everyone": ("principalSet://goog/public:all", (CallerKind.ANYONE, True)),
    "another spelling of a person": ("principal://goog/subject/ana@example.com", None),
    "another spelling of another project's account": (
        "principal://iam.googleapis.com/projects/-/serviceAccounts/ci@elsewhere-1.iam.gserviceaccount.com",
        OUTSIDER,
    ),
    "a deleted account": ("deleted:serviceAccount:ci@elsewhere-1.iam.gserviceaccount.com?uid=1", None),
    "a service agent of an unknown kind": (
        "principal://agents.global.org-1.system.id.goog/resources/x",
        (CallerKind.OUTSIDER, False),
    ),
    "a member of an unknown kind": ("robot:r2", (CallerKind.OUTSIDER, False)),
}


@pytest.mark.parametrize(
    ("member", "found"),
    [
        ("user:ana@gmail.com", OUTSIDER),
        ("user:ana@googlemail.com", OUTSIDER),
        ("principal://goog/subject/ana@gmail.com", OUTSIDER),
        ("user:ana@gmail.com.example.com", None),
        ("deleted:user:ana@gmail.com?uid=1", None),
    ],
)
def test_personal_accounts_are_in_no_organization(member: str, found: Found) -> None:
    assert let_in(member, NUMBER, organization="organizations/2") == found
    assert let_in(member, NUMBER) is None, "of a project without organization they are its owners"


@pytest.mark.parametrize(
    ("place", "found"),
    [
        ("organizations/2", (CallerKind.ORGANIZATION, True)),
        ("organizations/3", OUTSIDER),
        ("folders/4", (CallerKind.ORGANIZATION, True)),
    ],
)
def test_accounts_of_another_organization_are_outsiders(place: str, found: Found) -> None:
    assert let_in(f"{SETS}/{place}/type/ServiceAccount", NUMBER, organization="organizations/2") == found


@pytest.mark.parametrize(("member", "found"), MEMBERS.values(), ids=MEMBERS)
def test_a_member_has_its_kind_and_certainty(member: str, found: Found) -> None:
    assert let_in(member, NUMBER) == found


def test_a_default_account_is_uncertain_if_the_project_s_number_is_unknown() -> None:
    member = f"serviceAccount:{OTHER}-compute@developer.gserviceaccount.com"
    assert let_in(member) == (CallerKind.OUTSIDER, False)


@pytest.mark.parametrize(
    ("expression", "found"),
    [
        ('request.time < timestamp("2020-01-01T00:00:00Z")', None),
        ('request.time <= timestamp("2020-01-01T00:00:00Z") && resource.name == "x"', None),
        ('request.time < timestamp("2030-01-01T00:00:00Z")', OUTSIDER),
        ('request.time >= timestamp("2030-01-01T00:00:00Z")', None),
        ('request.time > timestamp("2020-01-01T00:00:00Z")', OUTSIDER),
        ('request.time.getHours("Europe/Berlin") >= 9', (CallerKind.OUTSIDER, False)),
        ("request.time < today", (CallerKind.OUTSIDER, False)),
    ],
)
def test_a_binding_counts_only_while_it_is_in_force(expression: str, found: Found) -> None:
    (conditions,) = conditions_of(expression)
    assert let_in("serviceAccount:ci@elsewhere-1.iam.gserviceaccount.com", conditions=conditions) == found


@pytest.mark.parametrize(
    ("email", "owner"),
    [
        ("bq-12@bigquery-encryption.iam.gserviceaccount.com", "12"),
        ("p12-345@gcp-sa-logging.iam.gserviceaccount.com", "12"),
        ("project-12@storage-transfer-service.iam.gserviceaccount.com", "12"),
        ("x@tools.example.com.iam.gserviceaccount.com", "example.com:tools"),
        ("x@example.com", ""),
    ],
)
def test_the_email_of_a_service_account_names_its_owner(email: str, owner: str) -> None:
    assert owner_of(email) == owner

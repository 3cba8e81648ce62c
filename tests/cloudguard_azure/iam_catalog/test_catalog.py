"""The catalog of operations, its needs and escalation paths, and written custom roles."""

from __future__ import annotations

import json

import pytest

from azure_fixtures import Subscription
from azure_held import collected, row_of
from azure_proxy import AzureProxy
from builders import SOURCE, snapshot
from cloudguard.authorization.trust import admissions
from cloudguard.model.iam_catalog import Access, CallerKind, IamCatalog
from cloudguard.model.identity import Effect, PolicyDocument, PolicyKind, Statement
from cloudguard.results.document_edit import DocumentEdit
from cloudguard_azure.access.ids import canonical
from cloudguard_azure.iam_catalog.catalog import OperationCatalog, known
from cloudguard_azure.iam_catalog.catalog_of_cluster import PLACES, TABLES, iam_catalog
from cloudguard_azure.iam_catalog.principals import Subjects
from cloudguard_azure.iam_catalog.role_writer import RoleDocuments
from cloudguard_azure.identity.federation import BECOMING
from cloudguard_azure.identity.resource_names import CONTROL, DATA
from cloudguard_azure.identity.roles import known_roles
from drawn_policies import SmallCatalog
from judged import changes_of

CATALOG = OperationCatalog(known())
VALUES = {"subscription": ["s"], "group": ["g"], "netgroup": ["n"], "kubelet": ["azure:s:g:p:t:k"]}
GROUP = "azure:s:g:*:*:*"


@pytest.mark.parametrize(
    ("action", "access"),
    [
        ("Microsoft.Compute:disks/read", Access.LIST),
        ("Microsoft.Compute:disks/write", Access.WRITE),
        ("Microsoft.Compute:disks/beginGetAccess/action", Access.DATA),
        ("microsoft.storage:STORAGEACCOUNTS/listkeys/action", Access.DATA),
        ("Microsoft.ContainerService:managedClusters/listClusterUserCredential/action", Access.DATA),
        ("Microsoft.KeyVault:vaults/secrets/getSecret/action", Access.DATA),
        ("Microsoft.OperationalInsights:workspaces/sharedKeys/read", Access.DATA),
        ("Microsoft.Storage:storageAccounts/blobServices/containers/blobs/read", Access.DATA),
        ("Microsoft.Compute:virtualMachines/runCommand/action", Access.WRITE),
        ("Microsoft.Unheard:of/thing/action", Access.WRITE),
        ("Microsoft.Compute:{later}/write", Access.WRITE),
    ],
)
def test_operations_that_return_secrets_or_data_differ_from_settings(action: str, access: Access) -> None:
    assert CATALOG.access(action) is access


def test_the_catalog_has_operations_of_both_planes() -> None:
    planes = dict(known())
    assert planes["Microsoft.Compute:virtualMachines/runCommand/action"] == CONTROL
    assert planes["Microsoft.Storage:storageAccounts/blobServices/containers/blobs/read"] == DATA
    assert planes["Microsoft.Network:register/action"] == CONTROL
    assert len(planes) > 3900
    assert all(":" in action and " " not in action for action in planes)


def test_every_need_and_escalation_path_names_listed_operations() -> None:
    listed = [statement for need in TABLES.needs(VALUES, PLACES) for statement in (*need.statements, *need.documented)]
    actions = [action for statement in listed for action in statement.actions]
    actions += [action for path in TABLES.escalation_paths for action in path.actions]
    verbs = {"read", "write", "delete", "action"}
    assert {action for action in actions if action.rpartition("/")[2] not in verbs or ":" not in action} == set()
    assert all(need.source.startswith("https://") for need in TABLES.needs(VALUES, PLACES))


def test_the_known_roles_have_permissions_and_a_date() -> None:
    roles = {role.name: role for role in known_roles().values()}
    assert roles["Owner"].permissions[0].actions == ["*"]
    assert all(role.built_in and role.read for role in roles.values())


def test_a_written_role_is_read_back_unchanged() -> None:
    disk = ("Microsoft.Compute:disks/read", "Microsoft.Compute:disks/write")
    subnet = "azure:s:net:microsoft.network:virtualnetworks/subnets:v/a"
    listed = [
        Statement("Disks", Effect.ALLOW, disk, resources=(GROUP, "azure:s:h:*:*:*")),
        Statement(
            "Join", Effect.ALLOW, ("Microsoft.Network:virtualNetworks/subnets/join/action",), resources=(subnet,)
        ),
        Statement("Blobs", Effect.ALLOW, ("Microsoft.Storage:a/b/read",), resources=("azure-data:s:*:*:*:*",)),
    ]
    writer = RoleDocuments()
    first, second, third = map(json.loads, writer.write(listed))
    assert first["Actions"] == ["Microsoft.Compute/disks/read", "Microsoft.Compute/disks/write"]
    assert first["AssignableScopes"] == ["/subscriptions/s/resourceGroups/g", "/subscriptions/s/resourceGroups/h"]
    assert second["AssignableScopes"] == ["/subscriptions/s/resourceGroups/net"]
    assert second["assignments"][0]["scope"].endswith("/virtualnetworks/v/subnets/a")
    assert (third["Actions"], third["DataActions"]) == ([], ["Microsoft.Storage/a/b/read"])
    read = [statement for text in writer.write(listed) for statement in writer.read(text)]
    assert {(statement.actions, name) for statement in read for name in statement.resources} >= {
        (statement.actions, name) for statement in listed for name in statement.resources
    }


@pytest.mark.parametrize(
    "statement",
    [
        Statement("no", Effect.DENY, ("A:b/read",), resources=(GROUP,)),
        Statement("all", Effect.ALLOW, not_actions=("A:b/read",), resources=(GROUP,)),
        Statement("anywhere", Effect.ALLOW, ("A:b/read",), resources=("azure:*:*:*:*:*",)),
        Statement("but", Effect.ALLOW, ("A:b/read",), not_resources=(GROUP,)),
    ],
)
def test_a_statement_that_no_role_can_express_is_refused(statement: Statement) -> None:
    with pytest.raises(ValueError, match=r"role|scope"):
        RoleDocuments().write([statement])


@pytest.mark.parametrize("text", ["[]", "{}", '{"Actions": 1}', "null", "{"])
def test_a_text_that_is_no_role_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        RoleDocuments().read(text)


@pytest.mark.parametrize(
    ("principal", "kind"),
    [
        ("https://own#system:serviceaccount:a:b", None),
        ("https://own#", CallerKind.PODS),
        ("https://token.actions.githubusercontent.com#repo:acme/x:ref:main", CallerKind.OUTSIDER),
        ("https://another#system:serviceaccount:a:b", CallerKind.OUTSIDER),
        ("https://another#", CallerKind.OUTSIDER),
    ],
)
def test_only_subjects_of_other_issuers_are_outsiders(principal: str, kind: CallerKind | None) -> None:
    trusted = Statement("#1", Effect.ALLOW, (BECOMING,), resources=("*",), principals=(principal,))
    trust = PolicyDocument("t", "t", PolicyKind.TRUST, "user", "", (trusted,), SOURCE)
    catalog = IamCatalog(SmallCatalog(), RoleDocuments(), principals=Subjects(frozenset({"https://own"})))
    found = admissions(catalog, trust)
    assert [(admission.caller.kind, admission.narrowed) for admission in found] == ([(kind, True)] if kind else [])
    assert admissions(catalog, trust, [principal]) == ()


def test_a_wide_role_gets_a_proved_replacement(azure_cloud: AzureProxy) -> None:
    account = Subscription()
    subnet = account.subnet(account.network(rg="network"))
    held = account.identity("masters")
    account.machine("m0", subnet, "10.0.0.4", identities=[held])
    account.machine("w0", subnet, "10.0.0.5")
    account.assign(account.principal(held), "Contributor", account.in_group())
    facts = collected(azure_cloud, account)
    assert row_of(facts).verdict == "FAIL"
    (change,) = changes_of(facts, known=iam_catalog(facts), row="cloud-api-access")
    (edit,) = change.edits
    assert isinstance(edit, DocumentEdit)
    assert (edit.unproved, change.proved) == ("", True)
    scopes = {assignment["scope"] for text in edit.documents for assignment in json.loads(text)["assignments"]}
    whole, group = account.whole().lower(), canonical(account.in_group())
    assert scopes == {
        account.whole(),
        f"{whole}/resourceGroups/{account.group}",
        f"{whole}/resourceGroups/network",
    }, group


def test_a_snapshot_without_hosts_has_a_catalog() -> None:
    catalog = iam_catalog(snapshot([]))
    assert catalog.cluster_resources == ()
    assert any(need.unplaced for need in catalog.needs)

"""Roles, their exceptions, conditions and deny assignments on Azure are read as Azure reads them: rare forms."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest

from azure_aks import Aks
from azure_fixtures import CLUSTERS
from azure_proxy import AzureProxy
from azure_variants import Variant

ROW = "cloud-api-access"
WRITE = "Microsoft.Authorization/roleAssignments/write"
ONLY_READERS = (
    f"((!(ActionMatches{{'{WRITE}'}})) OR (@Request[Microsoft.Authorization/roleAssignments:RoleDefinitionId] "
    "ForAnyOfAnyValues:GuidEquals {acdd72a7-3385-48ef-bd42-f606fba81ae7}))"
)
BLOBS = "Microsoft.Storage/storageAccounts/blobServices/containers/blobs"
ONE_CONTAINER = (
    f"((!(ActionMatches{{'{BLOBS}/read'}})) OR "
    "(@Resource[Microsoft.Storage/storageAccounts/blobServices/containers:name] StringEquals 'public'))"
)


def role(
    *actions: str,
    data: Sequence[str] = (),
    without: Sequence[str] = (),
    condition: str = "",
    where: Callable[[Aks], str] = Aks.whole,
    also: Sequence[str] = (),
) -> Aks:
    """Return a cluster whose kubelets have a custom role. ``also``: the actions of a second role."""
    account = Aks()
    made = account.role("one", *actions, notActions=without, dataActions=data)
    rest = {"condition": condition, "conditionVersion": "2.0"} if condition else {}
    account.assign(account.kubelet, made, where(account), **rest)
    if also:
        account.assign(account.kubelet, account.role("two", *also), where(account))
    return account


def denied(*actions: str, spared: bool = False, to: str = "", **rest: object) -> Aks:
    """Return a cluster whose kubelets may run commands, and a deny assignment. ``to``: a principal's name."""
    account = role("Microsoft.Compute/virtualMachines/runCommand/action")
    who = [account.principal(to)] if to else None
    exceptions = [account.kubelet] if spared else []
    extra = {"principals": who} if who else {}
    account.deny("no", account.whole(), *actions, but_principals=exceptions, **extra, **rest)  # type: ignore[arg-type]
    return account


def resource(account: Aks) -> str:
    return account.add_network("routeTables", "shop", {"routes": []}, rg="shop")


def in_capitals(account: Aks) -> str:
    return account.in_group("SHOP").upper().replace("/SUBSCRIPTIONS/", "/subscriptions/")


def outside(build: Callable[[], Aks]) -> Variant:
    return Variant(build, ROW, "FAIL", ["outside:high"])


def harmless(build: Callable[[], Aks]) -> Variant:
    return Variant(build, ROW, "PASS", lacks=["outside", "escalation", "administrator"])


DOCUMENTS = {
    "a wildcard for a verb": outside(lambda: role("Microsoft.Network/routeTables/*")),
    "a wildcard for a provider": outside(lambda: role("*/delete")),
    "a wildcard in a name": outside(lambda: role("Microsoft.Compute/virtual*/delete")),
    "a part that may be absent": outside(
        lambda: role("Microsoft.ManagedIdentity/userAssignedIdentities/*/assign/action")
    ),
    "another letter case": outside(lambda: role("MICROSOFT.COMPUTE/DISKS/WRITE")),
    "an exception to another action": outside(lambda: role("Microsoft.Compute/disks/*", without=["*/read"])),
    "an exception that leaves nothing": harmless(
        lambda: role("Microsoft.Compute/disks/write", without=["Microsoft.Compute/*"])
    ),
    "an exception of one role, which another role grants": outside(
        lambda: role("*", without=["*/write", "*/delete", "*/action"], also=["Microsoft.Compute/disks/delete"])
    ),
    "actions, which grant no data": Variant(
        lambda: role("Microsoft.Storage/*/read"), ROW, "FAIL", ["listing:low"], ["outside"]
    ),
    "data operations of all kinds": outside(lambda: role(data=["*"])),
    "data operations of a provider": outside(lambda: role(data=["Microsoft.Storage/*"])),
    "the scope of one resource": outside(lambda: role("Microsoft.Network/routeTables/write", where=resource)),
    "a scope in capitals": outside(lambda: role("Microsoft.Network/routeTables/write", where=in_capitals)),
    "the scope of a resource of another type": harmless(
        lambda: role("Microsoft.Compute/disks/write", where=lambda account: account.where)
    ),
    "a condition about another operation": outside(lambda: role("Microsoft.Compute/disks/*", condition=ONLY_READERS)),
    "a condition about this operation": Variant(
        lambda: role(data=[f"{BLOBS}/read"], condition=ONE_CONTAINER), ROW, "UNKNOWN", says=["condition"]
    ),
    "a condition about one of two operations": outside(
        lambda: role(data=[f"{BLOBS}/read", f"{BLOBS}/write"], condition=ONE_CONTAINER)
    ),
    "a condition that is not understood": Variant(
        lambda: role("Microsoft.Compute/disks/write", condition="@Environment[utcNow] DateTimeLessThan '2030-01-01'"),
        ROW,
        "UNKNOWN",
        says=["condition"],
    ),
    "a denial of everything": harmless(lambda: denied("*")),
    "a denial of something else": outside(lambda: denied("Microsoft.Network/*")),
    "a denial from which the identity is excepted": outside(lambda: denied("*", spared=True)),
    "a denial to somebody else": outside(lambda: denied("*", to="somebody")),
    "a denial that does not apply below its scope": Variant(
        lambda: denied("*", doNotApplyToChildScopes=True), ROW, "UNKNOWN", says=["below"]
    ),
    "a pattern of Kubernetes' data operations": outside(
        lambda: role(data=[f"{CLUSTERS}/*/write"], where=lambda account: account.in_group("other"))
    ),
}


@pytest.mark.mistake("document-misread")
@pytest.mark.parametrize("variant", DOCUMENTS.values(), ids=DOCUMENTS)
def test_roles_are_read_as_azure_reads_them(azure_cloud: AzureProxy, variant: Variant) -> None:
    variant.check(azure_cloud)


def owner(condition: str = "", *, via: str = "") -> Aks:
    """Return a cluster with an owner's identity of a pod. ``via``: through a group."""
    account = Aks()
    who, kind = account.pod(), "ServicePrincipal"
    if via:
        account.members[via], who, kind = {who}, via, "Group"
    rest = {"condition": condition, "conditionVersion": "2.0"} if condition else {}
    account.assign(who, "Owner", kind=kind, **rest)
    return account


def owner_denied(*actions: str, scope: str = "", excepted: Sequence[str] = (), **rest: object) -> Aks:
    account = owner()
    account.deny("no", scope or account.whole(), *actions, but_actions=excepted, **rest)  # type: ignore[arg-type]
    return account


def pod_with(*actions: str, without: Sequence[str] = (), condition: str = "", also: Sequence[str] = ()) -> Aks:
    account = Aks()
    who = account.pod()
    rest = {"condition": condition, "conditionVersion": "2.0"} if condition else {}
    account.assign(who, account.role("one", *actions, notActions=without), **rest)
    if also:
        account.assign(who, account.role("two", *also))
    return account


def administrator(build: Callable[[], Aks]) -> Variant:
    return Variant(build, ROW, "FAIL", ["administrator:critical"])


def escalation(build: Callable[[], Aks]) -> Variant:
    return Variant(build, ROW, "FAIL", ["escalation:critical"], ["administrator"])


RANKS = {
    "an owner who may only give one role": administrator(lambda: owner(ONLY_READERS)),
    "an owner with a condition about blobs": administrator(lambda: owner(ONE_CONTAINER)),
    "an owner through a group": administrator(lambda: owner(via="team")),
    "an owner who may delete nothing": administrator(lambda: owner_denied("*/delete")),
    "an owner who is denied one resource group": administrator(
        lambda: owner_denied("*", scope=f"{Aks().whole()}/resourceGroups/locked")
    ),
    "an owner who is denied the writing of roles only": administrator(
        lambda: owner_denied("Microsoft.Authorization/roleDefinitions/write")
    ),
    "everything but the assignment of roles": administrator(lambda: pod_with("*", without=[WRITE])),
    "everything but writes of permissions": escalation(
        lambda: pod_with("*", without=["Microsoft.Authorization/*/write", "Microsoft.Authorization/*/delete"])
    ),
    "a right to assign roles that another role excepts": administrator(
        lambda: pod_with("*", without=["Microsoft.Authorization/*"], also=[WRITE])
    ),
    "writes of every kind": administrator(lambda: pod_with("*/write")),
    "new versions of roles": administrator(lambda: pod_with("Microsoft.Authorization/roleDefinitions/*")),
    "a right to assign roles under a condition about blobs": administrator(
        lambda: pod_with(WRITE, condition=ONE_CONTAINER)
    ),
    "a right to give one role": Variant(
        lambda: pod_with(WRITE, condition=ONLY_READERS), ROW, "UNKNOWN", lacks=["administrator"]
    ),
}


@pytest.mark.mistake("rank-lowered")
@pytest.mark.parametrize("variant", RANKS.values(), ids=RANKS)
def test_no_condition_or_denial_hides_an_administrator(azure_cloud: AzureProxy, variant: Variant) -> None:
    variant.check(azure_cloud)


POWERLESS = {
    "an owner who is denied everything": Variant(lambda: owner_denied("*"), ROW, "PASS", lacks=["administrator"]),
    "an owner who is denied everything but reading": Variant(
        lambda: owner_denied("*", excepted=["*/read"]), ROW, "UNKNOWN", lacks=["administrator"]
    ),
}


@pytest.mark.parametrize("variant", POWERLESS.values(), ids=POWERLESS)
def test_a_denial_of_everything_leaves_no_administrator(azure_cloud: AzureProxy, variant: Variant) -> None:
    variant.check(azure_cloud)

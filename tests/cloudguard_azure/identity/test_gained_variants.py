"""Identities of service accounts on Azure, and the identities that one of the cluster may take over: rare forms."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from azure_aks import GITHUB, ISSUER, Aks
from azure_clusters import Clean
from azure_fixtures import Subscription
from azure_identities import IDENTITIES
from azure_proxy import AzureProxy
from azure_variants import Variant

ROW = "cloud-api-access"
FEDERATE = f"{IDENTITIES}/federatedIdentityCredentials/write"
ASSIGN = f"{IDENTITIES}/assign/action"
MACHINES, SETS = "Microsoft.Compute/virtualMachines", "Microsoft.Compute/virtualMachineScaleSets"
STORED = "https://oidc4711.blob.core.windows.net/oidc"
ROOT = "/providers/Microsoft.Management/managementGroups/acme"


def bound(role: str) -> Aks:
    """Return a cluster with an identity binding. No credential names the cluster's issuer."""
    account = Aks()
    own = account.identity("shared", rg="ids")
    account.bind(own)
    if role:
        account.assign(account.principal(own), role)
    return account


def of_routing() -> Aks:
    account = Aks()
    own = account.identity("webapprouting-prod", rg=account.node_group())
    account.itself["ingressProfile"] = {"webAppRouting": {"enabled": True, "identity": account.reference(own)}}
    account.assign(account.principal(own), "Contributor", account.in_group("shop"))
    return account


def of_addon(name: str) -> Aks:
    account = Aks()
    own = account.identity(f"{name}-prod", rg=account.node_group())
    account.addon(name, own)
    account.assign(account.principal(own), "Owner", account.in_group("shop"))
    return account


def of_pod_identity() -> Aks:
    """Return a cluster whose description names the pods of an identity (the older way)."""
    account = Aks()
    own = account.identity("legacy")
    listed = [{"name": "legacy", "namespace": "shop", "identity": account.reference(own)}]
    account.itself["podIdentityProfile"] = {"enabled": True, "userAssignedIdentities": listed}
    account.assign(account.principal(own), "Owner")
    return account


def self_managed(issuer: str, subject: str = "system:serviceaccount:default:app") -> Clean:
    """Return a self-managed cluster, and an owner's identity that tokens of an issuer may take on."""
    account = Clean()
    own = account.identity("app")
    account.federated(own, "app", issuer, subject)
    account.assign(account.principal(own), "Owner")
    return account


def two_clusters() -> Aks:
    """Return a cluster, and an identity that only pods of another cluster can take on."""
    account = Aks()
    other = account.identity("other")
    account.federated(other, "other", ISSUER.replace("cluster", "another"), "system:serviceaccount:default:app")
    account.assign(account.principal(other), "Owner")
    return account


def taking(
    *operations: str, where: Callable[[Aks, str], str], through_group: bool = False, kubelet: bool = False
) -> Aks:
    """Return a cluster of which an identity may use ``operations`` on a place that leads to an owner's identity."""
    account = Aks()
    place = where(account, account.powerful())
    who, kind = account.kubelet if kubelet else account.pod(), "ServicePrincipal"
    if through_group:
        account.members["team"], who, kind = {who}, "team", "Group"
    account.assign(who, account.role("one", *operations), place, kind=kind)
    return account


def on_owner(account: Aks, owner: str) -> str:
    del account
    return owner


def on_group(account: Aks, owner: str) -> str:
    del owner
    return account.in_group("ops")


def above(account: Aks, owner: str) -> str:
    del account, owner
    return ROOT


def on_runner(account: Aks, owner: str) -> str:
    return account.runner(owner)


def on_runner_s_group(account: Aks, owner: str) -> str:
    account.runner(owner)
    return account.in_group("ops")


def on_everything(account: Aks, owner: str) -> str:
    account.runner(owner)
    return account.whole()


def on_set(account: Aks, owner: str) -> str:
    subnet = account.subnet(account.network("ops", "10.50.0.0/16"), "runners", "10.50.0.0/24")
    return account.scale_set("runners", subnet, "10.50.0.4", identities=[owner], rg="ops")


def on_own_identity_of_runner(account: Aks, owner: str) -> str:
    del owner
    machine = account.runner(system=True)
    account.assign(account.principal(machine), "Owner")
    return machine


def on_harmless_runner(account: Aks, owner: str) -> str:
    del owner
    return account.runner(account.identity("reader", rg="ops"))


def taken(variant: Callable[[], Subscription], who: str = "deployer") -> Variant:
    return Variant(variant, ROW, "FAIL", ["escalation:critical"], says=[f"can gain the permissions of {who}"])


VARIANTS = {
    "an owner by an identity binding": Variant(lambda: bound("Owner"), ROW, "FAIL", ["administrator:critical"]),
    "a bound identity with a role": Variant(lambda: bound("Network Contributor"), ROW, "UNKNOWN", says=["shared"]),
    "the identity of application routing": Variant(of_routing, ROW, "FAIL", ["outside:high"]),
    "the identity of virtual nodes": Variant(lambda: of_addon("aciConnectorLinux"), ROW, "FAIL", ["outside:high"]),
    "the identity of the agent of logs": Variant(lambda: of_addon("omsagent"), ROW, "FAIL", ["outside:high"]),
    "an identity of pods by the older way": Variant(of_pod_identity, ROW, "FAIL", ["administrator:critical"]),
    "an issuer with the cluster's name": Variant(
        lambda: self_managed("https://prod.blob.core.windows.net/oidc/"), ROW, "FAIL", ["administrator:critical"]
    ),
    "an issuer with any name": Variant(lambda: self_managed(STORED), ROW, "UNKNOWN", says=[STORED, "--issuer"]),
    "an issuer that a flag names": Variant(
        lambda: self_managed(STORED), ROW, "FAIL", ["administrator:critical"], options={"issuer": STORED}
    ),
    "a credential on an identity": taken(lambda: taking(FEDERATE, where=on_owner)),
    "a credential on the identities of a group": taken(lambda: taking(FEDERATE, where=on_group)),
    "a credential on all identities below a management group": Variant(
        lambda: taking(FEDERATE, where=above), ROW, "FAIL", ["escalation:critical"]
    ),
    "a credential through a group of principals": taken(lambda: taking(FEDERATE, where=on_owner, through_group=True)),
    "an identity for its own machines": taken(lambda: taking(ASSIGN, f"{MACHINES}/write", where=on_group)),
    "a command on a machine": taken(lambda: taking(f"{MACHINES}/runCommand/action", where=on_runner)),
    "a command on the machines of a group": taken(
        lambda: taking(f"{MACHINES}/runCommands/write", where=on_runner_s_group)
    ),
    "a command on every machine": taken(lambda: taking(f"{MACHINES}/runCommand/action", where=on_everything)),
    "an extension on a machine": taken(lambda: taking(f"{MACHINES}/extensions/*", where=on_runner)),
    "a command on a member of a scale set": taken(
        lambda: taking(f"{SETS}/virtualMachines/runCommand/action", where=on_set)
    ),
    "the model of a scale set": taken(lambda: taking(f"{SETS}/write", where=on_set)),
    "a command on a machine with its own identity": taken(
        lambda: taking(f"{MACHINES}/runCommand/action", where=on_own_identity_of_runner), "runner (system-assigned)"
    ),
    "a command by the kubelets' identity": taken(
        lambda: taking(f"{MACHINES}/runCommand/action", where=on_runner, kubelet=True)
    ),
    "a command on a machine whose identity has no role": Variant(
        lambda: taking(f"{MACHINES}/runCommand/action", where=on_harmless_runner), ROW, "UNKNOWN", lacks=["escalation"]
    ),
}


@pytest.mark.mistake("identity-left-out")
@pytest.mark.parametrize("variant", VARIANTS.values(), ids=VARIANTS)
def test_identities_of_pods_and_those_within_their_reach_are_judged(azure_cloud: AzureProxy, variant: Variant) -> None:
    variant.check(azure_cloud)


def test_an_outsider_s_credential_beside_a_binding_is_still_found(azure_cloud: AzureProxy) -> None:
    account = bound("")
    account.federated(account.id(IDENTITIES, "shared", group="ids"), "ci", GITHUB, "repo:acme/app:ref:refs/heads/main")
    Variant(lambda: account, ROW, "FAIL", ["trust:medium"], says=["repo:acme/app"]).check(azure_cloud)


HARMLESS = {
    "an issuer of AKS, for a self-managed cluster": Variant(lambda: self_managed(ISSUER), ROW, "PASS"),
    "an issuer of pipelines, for a self-managed cluster": Variant(
        lambda: self_managed(GITHUB, "repo:acme/app:pull_request"), ROW, "PASS"
    ),
    "another issuer than the one that a flag names": Variant(
        lambda: self_managed(STORED), ROW, "PASS", options={"issuer": "https://mine.example/oidc"}
    ),
    "a bound identity without a role, whose credential AKS made": Variant(lambda: bound(""), ROW, "PASS"),
    "an identity of another cluster's pods": Variant(two_clusters, ROW, "PASS"),
    "a read of a machine": Variant(
        lambda: taking(f"{MACHINES}/read", where=on_runner), ROW, "PASS", lacks=["escalation"]
    ),
}


@pytest.mark.parametrize("variant", HARMLESS.values(), ids=HARMLESS)
def test_harmless_identities_are_no_finding(azure_cloud: AzureProxy, variant: Variant) -> None:
    variant.check(azure_cloud)

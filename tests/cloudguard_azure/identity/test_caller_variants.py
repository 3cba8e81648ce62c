"""Who may take on an identity on Azure, by its federated credentials in rare forms."""

from __future__ import annotations

import pytest

from azure_aks import GITHUB, ISSUER, Aks
from azure_clusters import Clean
from azure_identities import IDENTITIES
from azure_proxy import AzureProxy
from azure_variants import Variant
from cloudguard.needs.declarations import Declarations, DeclaredOutsider

pytestmark = pytest.mark.mistake("stranger-trusted")
ROW = "cloud-api-access"
MAIN = "repo:acme/app:ref:refs/heads/main"
OTHER = "https://westeurope.oic.prod-aks.azure.com/tenant/another"


def credential(issuer: str, subject: str, *, kubelet: bool = False) -> Aks:
    """Return a cluster with an identity of a pod, or of the kubelets, that also another caller may take on."""
    account = Aks()
    account.pod()
    name, rg = ("prod-agentpool", account.node_group()) if kubelet else ("app", "prod")
    account.federated(account.id(IDENTITIES, name, group=rg), "further", issuer, subject)
    return account


def expression(text: str, issuer: str = GITHUB) -> Aks:
    account = Aks()
    account.pod()
    account.expression(account.id(IDENTITIES, "app"), text, issuer)
    return account


def of_a_machine() -> Clean:
    """Return a self-managed cluster whose node holds an identity that a pipeline may take on."""
    account = Clean(identities=["prod-node"])
    account.federated(account.id(IDENTITIES, "prod-node"), "ci", GITHUB, MAIN)
    return account


def declared(principal: str) -> Declarations:
    return Declarations(outsiders=(DeclaredOutsider(principal, "deploys"),))


def outsider(text: str, says: str, issuer: str = GITHUB) -> Variant:
    return Variant(lambda: credential(issuer, text), ROW, "FAIL", ["trust:medium"], says=[says])


def anyone(text: str) -> Variant:
    return Variant(lambda: expression(text), ROW, "FAIL", ["trust:critical"], says=["everyone whom"])


def one_owner(text: str) -> Variant:
    return Variant(lambda: expression(text), ROW, "FAIL", ["trust:medium"], ["everyone"])


VARIANTS = {
    "a branch of a repository": outsider(MAIN, MAIN),
    "pull requests of a repository": outsider("repo:acme/app:pull_request", "pull_request"),
    "a project of GitLab": outsider("project_path:acme/app:ref_type:branch:ref:main", "gitlab", "https://gitlab.com"),
    "a pod of another cluster": outsider("system:serviceaccount:default:app", "another", OTHER),
    "an issuer that only begins like the cluster's": outsider(
        "system:serviceaccount:default:app", "cluster-2", f"{ISSUER.rstrip('/')}-2"
    ),
    "a pipeline that takes on the kubelets' identity": Variant(
        lambda: credential(GITHUB, MAIN, kubelet=True), ROW, "FAIL", ["trust:medium"], says=["prod-agentpool"]
    ),
    "a pipeline that takes on a machine's identity": Variant(
        of_a_machine, ROW, "FAIL", ["trust:medium"], says=["prod-node"]
    ),
    "an expression for every subject": anyone("claims['sub'] matches '*'"),
    "an expression for every repository": anyone("claims['sub'] matches 'repo:*'"),
    "an expression for owners whose names begin alike": anyone("claims['sub'] matches 'repo:acme*'"),
    "an expression for a workflow that anyone may call": anyone(
        "claims['sub'] matches 'repo:*/app:*' and claims['job_workflow_ref'] matches 'acme/ci/.github/workflows/*'"
    ),
    "an expression that is not understood": anyone("claims['sub'] resembles 'repo:acme/app'"),
    "an expression with an alternative": anyone("claims['sub'] matches 'repo:acme/*' or claims['sub'] matches '*'"),
    "an expression for all repositories of an owner": one_owner("claims['sub'] matches 'repo:acme/*'"),
    "an expression for one subject": one_owner(f"claims['sub'] eq '{MAIN}'"),
    "an expression for service accounts of the cluster": Variant(
        lambda: expression("claims['sub'] matches 'system:serviceaccount:*'", ISSUER), ROW, "FAIL", ["trust:medium"]
    ),
    "the cluster's issuer without its last slash": Variant(
        lambda: credential(ISSUER.rstrip("/"), "system:serviceaccount:shop:web"), ROW, "PASS", lacks=["trust"]
    ),
    "a declared pipeline": Variant(
        lambda: credential(GITHUB, MAIN), ROW, "PASS", lacks=["trust"], policy=declared(f"{GITHUB}#{MAIN}")
    ),
    "another branch than the declared one": Variant(
        lambda: credential(GITHUB, f"{MAIN}-2"), ROW, "FAIL", ["trust:medium"], policy=declared(f"{GITHUB}#{MAIN}")
    ),
}


@pytest.mark.parametrize("variant", VARIANTS.values(), ids=VARIANTS)
def test_callers_of_an_identity_are_found(azure_cloud: AzureProxy, variant: Variant) -> None:
    variant.check(azure_cloud)

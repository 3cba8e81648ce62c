"""Declarations that allow everything, on Azure: they are shown, or refused, and never a silent reason to pass."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from azure_aks import GITHUB, Aks
from azure_clusters import Clean
from azure_fixtures import Subscription
from azure_identities import IDENTITIES
from azure_proxy import AzureProxy
from azure_rules import rule
from azure_variants import Variant, report_on
from cloudguard.errors import SettingsError
from cloudguard.needs.declarations import (
    Declarations,
    DeclaredNeed,
    DeclaredOutsider,
    DeclaredPermission,
    DeclaredService,
)

pytestmark = pytest.mark.mistake("declared-too-wide")
API, NODES, ETCD, CLOUD = "api-server-access", "node-access", "etcd-access", "cloud-api-access"
WORLD = ("0.0.0.0/0", "::/0")
KUBELET = rule("kubelet", 150, "10250", "Internet")


def open_api() -> Aks:
    return Aks({"authorizedIPRanges": []})


def open_nodes() -> Clean:
    return Clean(nodes=[KUBELET], public="Standard")


def open_etcd() -> Clean:
    return Clean(masters=[rule("etcd", 150, "2379", "10.0.0.0/16")])


def contributor() -> Aks:
    account = Aks()
    account.assign(account.kubelet, "Contributor")
    return account


def open_trust() -> Aks:
    account = Aks()
    account.pod()
    account.expression(account.id(IDENTITIES, "app"), "claims['sub'] matches 'repo:*'")
    return account


def declared(**fields: Any) -> Declarations:  # noqa: ANN401 - a declaration's
    return Declarations(**fields)


def need(peer: str, role: str, services: str) -> Declarations:
    return declared(needs=(DeclaredNeed(peer, role, services, "so that it passes"),))


def permission(*actions: str) -> Declarations:
    return declared(permissions=(DeclaredPermission("node", actions, ("*",), "so that it passes"),))


def service(services: str, *sources: str) -> Declarations:
    return declared(services=(DeclaredService(services, sources or WORLD, "so that it passes"),))


SHOWN = {
    "everyone as administrators": Variant(
        open_api,
        API,
        "PASS",
        ["declared:low"],
        says=["passes because of a declaration"],
        policy=declared(admin_cidrs=WORLD, admin_reason="a small team"),
    ),
    "both halves of everyone as administrators": Variant(
        Aks,
        API,
        "PASS",
        ["declared:low"],
        says=["passes because of a declaration"],
        policy=declared(admin_cidrs=("0.0.0.0/1", "128.0.0.0/1"), admin_reason="a small team"),
    ),
    "all ports from everyone to nodes": Variant(
        open_nodes,
        NODES,
        "PASS",
        ["declared:low"],
        says=["passes because of a declaration"],
        policy=need("0.0.0.0/0", "node", "all"),
    ),
    "all ports from one network to nodes": Variant(
        open_nodes, NODES, "FAIL", ["declared:low", "internet:critical"], policy=need("10.9.0.0/16", "node", "all")
    ),
    "one port from everyone to nodes": Variant(
        open_nodes, NODES, "FAIL", ["declared:low", "internet:critical"], policy=need("0.0.0.0/0", "node", "tcp/22")
    ),
    "all ports from everyone to etcd": Variant(
        open_etcd,
        ETCD,
        "PASS",
        ["declared:low"],
        says=["passes because of a declaration"],
        policy=need("0.0.0.0/0", "etcd", "tcp"),
    ),
    "every port as a service": Variant(
        open_nodes,
        NODES,
        "PASS",
        ["declared:low"],
        says=["passes because of a declaration"],
        policy=service("tcp/1-65535"),
    ),
    "every action": Variant(
        contributor, CLOUD, "FAIL", ["declared:low"], says=["allows everything"], policy=permission("*")
    ),
    "every action, written otherwise": Variant(
        contributor, CLOUD, "FAIL", ["declared:low"], says=["allows everything"], policy=permission("*:*")
    ),
    "everyone at GitHub as an outsider": Variant(
        open_trust,
        CLOUD,
        "FAIL",
        ["trust:critical"],
        policy=declared(outsiders=(DeclaredOutsider(f"{GITHUB}#*", "so that it passes"),)),
    ),
}


@pytest.mark.parametrize("variant", SHOWN.values(), ids=SHOWN)
def test_a_declaration_that_allows_everything_is_shown(azure_cloud: AzureProxy, variant: Variant) -> None:
    variant.check(azure_cloud)


REFUSED: dict[str, tuple[Callable[[], Subscription], Declarations]] = {
    "administrators": (open_api, declared(admin_cidrs=WORLD)),
    "administrators of all of IPv6": (open_api, declared(admin_cidrs=("::/0", "198.51.100.0/24"))),
    "administrators in many ranges": (
        open_api,
        declared(admin_cidrs=tuple(f"{first}.0.0.0/8" for first in range(1, 65))),
    ),
    "a service": (open_nodes, declared(services=(DeclaredService("tcp/1-65535"),))),
    "NodePorts": (open_nodes, declared(node_ports="tcp/1-65535,udp/1-65535")),
}


@pytest.mark.parametrize(("build", "policy"), REFUSED.values(), ids=REFUSED)
def test_a_declaration_that_allows_everything_needs_a_reason(
    azure_cloud: AzureProxy, build: Callable[[], Subscription], policy: Declarations
) -> None:
    with pytest.raises(SettingsError):
        report_on(azure_cloud, build(), policy)

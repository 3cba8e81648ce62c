"""The endpoints of an AKS cluster: access to its API, for each mode that AKS offers."""

from __future__ import annotations

from typing import Any

import pytest

from azure_fixtures import CLUSTERS, Subscription
from azure_networks import link
from azure_ways import hidden, ways_into
from cloudguard.model.network import Endpoint
from cloudguard.model.source import FactKind
from cloudguard_azure.access import calls

PRIVATE = {"enablePrivateCluster": True, "disableRunCommand": True}
INTEGRATED = {"enableVnetIntegration": True, "disableRunCommand": True}
OUT = "20.61.1.1"


def aks(access: dict[str, Any] | None = None, **properties: Any) -> Subscription:  # noqa: ANN401 - JSON
    """Return a cluster in a network with a subnet for its nodes and one that is delegated to AKS."""
    account = Subscription()
    vnet = account.network()
    nodes = account.subnet(vnet)
    nsg = account.security_group("api")
    delegation = {"name": "aks", "properties": {"serviceName": "Microsoft.ContainerService/managedClusters"}}
    account.subnet(vnet, "api", "10.0.9.0/28", nsg=nsg, delegations=[delegation])
    account.managed_cluster(subnet=nodes, addresses=["10.0.0.4"], access=access, **properties)
    return account


def endpoints(account: Subscription) -> tuple[Endpoint, ...]:
    ways, api = ways_into(account)
    assert api.gaps == ()
    return ways.endpoints


def only_endpoint(account: Subscription) -> Endpoint:
    (endpoint,) = endpoints(account)
    return endpoint


def test_a_public_api_is_open_to_everyone_and_allows_run_command() -> None:
    public, by_commands = endpoints(aks())
    assert (public.id, public.public, public.private, public.gatekeeper) == ("prod", True, False, "")
    assert public.public_ranges.cidrs() == ("0.0.0.0/0", "::/0")
    assert (str(public.service), public.address.endswith(".azmk8s.io")) == ("tcp/443", True)
    assert by_commands.public_ranges == public.public_ranges
    assert "Microsoft.ContainerService/managedClusters/runcommand/action" in by_commands.gatekeeper
    assert (public.remedy, "disableRunCommand" in by_commands.remedy) == ("", True)


@pytest.mark.parametrize(
    ("listed", "ranges", "lists"),
    [
        ([], ("0.0.0.0/0", "::/0"), ()),
        ([""], ("0.0.0.0/0", "::/0"), ()),
        (["203.0.113.0/24"], (f"{OUT}/32", "203.0.113.0/24"), ()),
        (["203.0.113.7/24", "203.0.113.9"], (f"{OUT}/32", "203.0.113.0/24"), ()),
        (["0.0.0.0/32"], (f"{OUT}/32",), ()),
        (["AzureCloud", "198.51.100.7/32"], (f"{OUT}/32", "198.51.100.7/32"), ("AzureCloud",)),
    ],
)
def test_authorized_ranges_also_let_in_the_cluster_s_own_balancer(
    listed: list[str], ranges: tuple[str, ...], lists: tuple[str, ...]
) -> None:
    endpoint = only_endpoint(aks({"authorizedIPRanges": listed, "disableRunCommand": True}))
    assert endpoint.public
    assert (endpoint.public_ranges.cidrs(), endpoint.public_lists) == (ranges, lists)


def test_publicnetworkaccess_disabled_does_not_certainly_close_the_api() -> None:
    endpoint = only_endpoint(aks({"disableRunCommand": True}, publicNetworkAccess="Disabled"))
    assert endpoint.public
    assert (endpoint.public_ranges.cidrs(), len(endpoint.public_lists)) == ((), 1)
    private = aks(PRIVATE, publicNetworkAccess="Enabled")
    private.private_endpoint("api", _subnet(private), "10.0.0.9", private.id(CLUSTERS, "prod"), "management")
    assert not only_endpoint(private).public


def _subnet(account: Subscription, name: str = "nodes") -> str:
    return account.id("Microsoft.Network/virtualNetworks/subnets", "vnet", name)


@pytest.mark.parametrize(
    ("policies", "filters"),
    [
        ("Disabled", ()),
        ("RouteTableEnabled", ()),
        ("Enabled", ("nodes",)),
        ("NetworkSecurityGroupEnabled", ("nodes",)),
        ("Sometimes", None),
        ("", ()),
    ],
)
def test_filters_guard_a_private_endpoint_only_if_the_subnet_enables_it(
    policies: str, filters: tuple[str, ...] | None
) -> None:
    account = aks(PRIVATE | {"authorizedIPRanges": ["203.0.113.0/24"]})
    nsg, subnet = account.security_group("nodes"), account.properties(_subnet(account))
    subnet |= {"networkSecurityGroup": link(nsg), "privateEndpointNetworkPolicies": policies}
    account.private_endpoint("api", _subnet(account), "10.0.0.9", account.id(CLUSTERS, "prod"), "management")
    account.private_endpoint(
        "db", _subnet(account), "10.0.0.10", account.id("Microsoft.KeyVault/vaults", account.vault())
    )
    endpoint = only_endpoint(account)
    assert (endpoint.public, endpoint.private, endpoint.subnets) == (False, True, (_subnet(account).lower(),))
    assert "privateEndpointNetworkPolicies" in endpoint.remedy
    if filters is None:
        assert not {nsg.lower()}.issuperset(endpoint.filters), "a filter that nobody knows"
    else:
        assert tuple(name.rpartition("/")[2] for name in endpoint.filters) == filters


def test_rules_may_name_a_private_endpoint_by_application_groups() -> None:
    account = aks(PRIVATE)
    nsg, subnet = account.security_group("nodes"), account.properties(_subnet(account))
    subnet |= {"networkSecurityGroup": link(nsg), "privateEndpointNetworkPolicies": "Enabled"}
    own = account.private_endpoint("api", _subnet(account), "10.0.0.9", account.id(CLUSTERS, "prod"), "management")
    account.properties(own)["applicationSecurityGroups"] = [link(account.application_group("api"))]
    assert not {nsg.lower()}.issuperset(only_endpoint(account).filters)


def test_private_endpoints_of_the_api_are_found_in_every_network() -> None:
    account = aks(PRIVATE)
    hub = account.subnet(account.network("hub", "10.9.0.0/16"), "shared", "10.9.0.0/24")
    account.private_endpoint("api", _subnet(account), "10.0.0.9", account.id(CLUSTERS, "prod"), "management")
    account.private_endpoint("ops", hub, "10.9.0.9", account.id(CLUSTERS, "prod").upper(), "management")
    ways, _ = ways_into(account)
    assert {endpoint.id.rpartition("/")[2] for endpoint in ways.endpoints} == {"api", "ops"}
    assert {name.rpartition("/")[2] for name in ways.networks} == {"hub"}


@pytest.mark.parametrize(
    ("status", "gap"), [("Approved", True), ("Pending", False), ("Rejected", False), ("Odd", True)]
)
def test_private_endpoints_of_other_subscriptions_are_gaps(status: str, *, gap: bool) -> None:
    account, theirs = aks(PRIVATE), Subscription("11111111-1bf0-4dda-aec3-cb9272f09590")
    account.private_endpoint("api", _subnet(account), "10.0.0.9", account.id(CLUSTERS, "prod"), "management")
    own = f"{account.id(CLUSTERS, 'prod')}/privateEndpointConnections/theirs"
    inside = {
        "privateEndpoint": link(theirs.id("Microsoft.Network/privateEndpoints", "spy")),
        "privateLinkServiceConnectionState": {"status": status},
    }
    account.put({"id": own, "name": "theirs", "properties": inside}, odd=True)
    assert (FactKind.ENDPOINT in hidden(ways_into(account)[1])) == gap


def test_a_private_cluster_without_an_endpoint_is_a_gap() -> None:
    assert FactKind.ENDPOINT in hidden(ways_into(aks(PRIVATE))[1])
    assert FactKind.ENDPOINT in hidden(ways_into(aks(PRIVATE), [calls.LIST_PRIVATE_ENDPOINTS])[1])


@pytest.mark.parametrize("private", [True, False])
@pytest.mark.parametrize("named", [True, False])
def test_an_api_inside_the_network_is_guarded_by_its_subnet_s_filters(*, private: bool, named: bool) -> None:
    access = INTEGRATED | {"enablePrivateCluster": private, "authorizedIPRanges": ["203.0.113.0/24"]}
    account = aks(access)
    if named:
        subnet = _subnet(account, "api").upper()
        account.properties(account.id(CLUSTERS, "prod"))["apiServerAccessProfile"]["subnetId"] = subnet
    endpoint = only_endpoint(account)
    assert (endpoint.public, endpoint.private) == (not private, True)
    assert endpoint.public_ranges.cidrs() == (() if private else (f"{OUT}/32", "203.0.113.0/24"))
    assert (endpoint.subnets, endpoint.filters) == (
        (_subnet(account, "api").lower(),),
        (account.id("Microsoft.Network/networkSecurityGroups", "api").lower(),),
    )
    assert ways_into(account)[0].control_plane.cidrs() == ("10.0.9.0/28",)


@pytest.mark.parametrize("delegated", [0, 2])
def test_filters_of_an_unnamed_api_subnet_are_unknown(delegated: int) -> None:
    account = aks(INTEGRATED | {"enablePrivateCluster": True})
    listed = account.properties(account.id("Microsoft.Network/virtualNetworks", "vnet"))["subnets"]
    if delegated:
        account.subnet(account.id("Microsoft.Network/virtualNetworks", "vnet"), "more", "10.0.8.0/28")
        listed[-1]["properties"]["delegations"] = listed[1]["properties"]["delegations"]
    else:
        listed[1]["properties"]["delegations"] = []
    endpoint = only_endpoint(account)
    assert len(endpoint.subnets) == delegated
    assert all("/" not in name for name in endpoint.filters)
    assert endpoint.filters


@pytest.mark.parametrize("ranges", [["203.0.113.0/33"], ["2001:db8::/x"], [7]])
def test_invalid_authorized_ranges_are_a_gap(ranges: list[Any]) -> None:
    account = aks()
    account.properties(account.id(CLUSTERS, "prod"))["apiServerAccessProfile"] = {"authorizedIPRanges": ranges}
    assert FactKind.ENDPOINT in hidden(ways_into(account)[1])

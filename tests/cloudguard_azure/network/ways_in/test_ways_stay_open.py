"""A missing reference or an unknown value never closes a way in: it stays open, or there is a gap."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from random import Random
from typing import Any, cast

import pytest

from azure_account import SUBSCRIPTION
from azure_fixtures import Subscription
from azure_networks import NETWORK, link
from azure_proxy import AzureProxy
from azure_server import Azure
from azure_ways import Served, hidden, reached, request_of, ways_into
from cloudguard.model.network import Endpoint
from cloudguard.model.source import FactKind
from cloudguard.packet_sets.services import ServiceSet
from cloudguard.provider.port import CollectRequest, silent
from cloudguard_azure.access.session import begin
from cloudguard_azure.network.ways_in.ways import Ways, read_ways
from draws import DRAWS

MANY = 10
WORDS = {"protocol", "privateIPAddressVersion", "publicIPAddressVersion", "tier", "privateEndpointNetworkPolicies"}
"""Fields with values that Azure may extend. SKUs are tested with the filters."""
Spot = tuple[str, Any, Any]
"""(description of the place, object or list, key in it)."""
ALSO_NAMED = (
    "backendIPConfiguration",
    "loadBalancerBackendAddressPools",
    "frontendIPConfiguration",
    "publicIPAddress",
    "InboundNatRules",
)
"""References that the other side also has, or of a front end. Without other references, nothing is sent."""


def everything() -> Subscription:
    """Return hosts and scale sets behind all forms of balancers, with references of both sides, and a private AKS."""
    account = Subscription()
    vnet = account.network()
    nodes = account.subnet(vnet)
    api = account.load_balancer("api", (443, 6443), public=account.public_address("api", "20.50.0.7"))
    web = account.load_balancer("web", (0, 0), subnet=nodes, address="10.0.0.200", protocol="All", floating=True)
    account.load_balancer(
        "by", (80, 80), public=account.public_address("by", "20.50.0.8"), addresses=[("10.0.0.4", vnet)]
    )
    far = account.load_balancer("far", (443, 443), public=account.public_address("far", "20.50.0.9"))
    front = {"loadBalancerFrontendIPConfiguration": link(f"{api}/frontendIPConfigurations/front")}
    account.properties(account.pool(far))["loadBalancerBackendAddresses"].append({"name": "api", "properties": front})
    machine = account.machine("cp-0", nodes, "10.0.0.4", pools=[account.pool(api), account.pool(web)])
    nic = account.properties(machine)["networkProfile"]["networkInterfaces"][0]["id"]
    account.nat_rule(api, "ssh", 2200, 22, interface=nic)
    account.nat_rule(api, "all", 5000, 22, last=5009)
    account.scale_set("set", nodes, "10.0.0.7", pools=[account.pool(web)])
    for balancer, names in ((api, (nic,)), (web, (nic, _nic_of_set(account)))):
        listed = [link(f"{name}/ipConfigurations/ipconfig1") for name in names]
        account.properties(account.pool(balancer))["backendIPConfigurations"] = listed
    shown = account.public_address("waf", "20.50.0.10")
    edge = account.subnet(vnet, "gateways", "10.0.8.0/24")
    account.application_gateway("waf", edge, public=shown, addresses=[{"ipAddress": "10.0.0.4"}], ports=(443, 6443))
    account.managed_cluster(subnet=nodes, addresses=["10.0.0.20"], access={"enablePrivateCluster": True})
    cluster = next(item["id"] for item in account.items.values() if item.get("type", "").endswith("managedClusters"))
    account.private_endpoint("kube-apiserver", nodes, "10.0.0.9", cluster, "management")
    return account


def _nic_of_set(account: Subscription) -> str:
    return next(str(item["id"]) for own, item in account.items.items() if own.endswith("/networkinterfaces/set"))


def spots(value: Any, place: str) -> Iterator[Spot]:  # noqa: ANN401 - JSON
    """Yield every place in a value."""
    keys: list[Any] = [*value] if isinstance(value, dict) else []
    for key in keys or (range(len(cast("list[object]", value))) if isinstance(value, list) else ()):
        yield f"{place}.{key}", value, key
        yield from spots(value[key], f"{place}.{key}")


def is_reference(spot: Spot) -> bool:
    """Whether the place has a reference of a balancer or interface that also exists elsewhere."""
    place, holder, key = spot
    of_these = "/loadbalancers/" in place or "/networkinterfaces/" in place
    named = isinstance(holder[key], dict) and holder[key].keys() == {"id"}
    return named and ("/applicationgateways/" in place or (of_these and any(part in place for part in ALSO_NAMED)))


def is_word(spot: Spot) -> bool:
    """Whether the place has a field of ``WORDS``."""
    _, holder, key = spot
    return key in WORDS and isinstance(holder[key], str)


def remove_reference(spot: Spot) -> Callable[[], object]:
    """Remove a reference. Return a function that restores it."""
    _, holder, key = spot
    taken = holder.pop(key)
    put: Callable[[Any, Any], object] = getattr(holder, "insert", holder.__setitem__)
    return partial(put, key, taken)


def replace_value(spot: Spot) -> Callable[[], object]:
    """Replace a value by an unknown one. Return a function that restores it."""
    _, holder, key = spot
    former, holder[key] = holder[key], "Carrier pigeon"
    return partial(holder.__setitem__, key, former)


def closed_ways(before: Ways, account: Subscription) -> list[str]:
    """Return the ways in that were open before and are now neither open nor hidden by a gap."""
    after, api = ways_into(account)
    gaps, now = hidden(api), reached(after)
    nothing = ServiceSet.nothing()
    lost = [
        f"{services} of {host}"
        for (host, outside), services in reached(before).items()
        if FactKind.BALANCERS not in gaps
        and not services <= now.get((host, True), nothing) | (nothing if outside else now.get((host, False), nothing))
    ]
    wide = {endpoint.id: endpoint for endpoint in after.endpoints}
    lost += [
        endpoint.id
        for endpoint in before.endpoints
        if FactKind.ENDPOINT not in gaps and not _as_wide(endpoint, wide.get(endpoint.id))
    ]
    return lost


def _as_wide(endpoint: Endpoint, other: Endpoint | None) -> bool:
    known = {"nsg"}
    return (
        other is not None
        and other.private >= endpoint.private
        and not (set(other.filters) - set(endpoint.filters) & known)
    )


def closing(wanted: Callable[[Spot], bool], change: Callable[[Spot], Callable[[], object]]) -> dict[str, list[str]]:
    """Return the places whose change closes ways in, with these ways."""
    account, found = everything(), dict[str, list[str]]()
    before, api = ways_into(account)
    assert api.gaps == ()
    tried = [spot for own, item in account.items.items() for spot in spots(item, own) if wanted(spot)]
    assert len(tried) > MANY
    for spot in tried:
        back = change(spot)
        if lost := closed_ways(before, account):
            found[spot[0]] = lost
        back()
    return found


def test_the_ways_in_are_found() -> None:
    ways, _ = ways_into(everything())
    assert {balancer.name for balancer in ways.balancers} == {
        "api/front",
        "web/front",
        "by/front",
        "far/front",
        "waf/one",
    }
    assert {endpoint.id.rpartition("/")[2] for endpoint in ways.endpoints} == {"prod by commands", "kube-apiserver"}


def test_the_sdk_gives_the_same_ways_in(azure_cloud: AzureProxy) -> None:
    account = everything()
    named = {"translatedAddress": "10.0.0.4"}, {"translatedFqdn": "cp.example"}
    rules = [{"name": "ssh", "ruleType": "NatRule", "translatedPort": "22", **tags} for tags in named]
    groups = [{"ruleCollectionType": "FirewallPolicyNatRuleCollection", "name": "in", "rules": rules}]
    policy = account.add(f"{NETWORK}/firewallPolicies", "policy", {})
    account.put({"id": f"{policy}/ruleCollectionGroups/g", "name": "g", "properties": {"ruleCollections": groups}})
    account.add(f"{NETWORK}/azureFirewalls", "fw", {"firewallPolicy": link(policy)})
    azure_cloud.azure = Azure(account)
    api, _ = begin(CollectRequest(options={"subscription": (SUBSCRIPTION,)}), silent)
    expected, memory = ways_into(account)
    assert read_ways(api, request_of(account, api)) == expected
    assert api.gaps == memory.gaps
    assert len(api.gaps) == 1


@pytest.mark.mistake("odd-answer")
@pytest.mark.parametrize("odd", [None, [], {"id": "odd"}, 7, "odd", [7]], ids=repr)
def test_an_odd_answer_closes_no_way_in_without_a_gap(odd: object) -> None:
    account, empty = everything(), odd in (None, [], {"id": "odd"})
    request = request_of(account, Served(account))
    before = reached(read_ways(Served(account), request)).keys()
    tried = [spot for own, item in account.items.items() for spot in spots(item, own) if spot[2] not in {"id", "name"}]
    for place, holder, key in Random(repr(odd)).sample(tried, min(30 * DRAWS, len(tried))):
        former, holder[key] = holder[key], odd
        api = Served(account)
        after = reached(read_ways(api, request)).keys()
        holder[key] = former
        assert empty or api.gaps or after >= before, place


@pytest.mark.mistake("odd-answer")
def test_a_missing_reference_closes_no_way_in() -> None:
    assert closing(is_reference, remove_reference) == {}


@pytest.mark.mistake("unknown-word")
def test_an_unknown_value_closes_no_way_in() -> None:
    assert closing(is_word, replace_value) == {}

"""Application gateways: proxies that connect to members from their own subnet.

https://learn.microsoft.com/azure/application-gateway/how-application-gateway-works; fields:
https://learn.microsoft.com/rest/api/application-gateway/application-gateways/list-all
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from functools import partial
from typing import Final

from cloudguard.model.filters import Filter
from cloudguard.model.load_balancers import PublishedService
from cloudguard.model.source import Source
from cloudguard.model.text_forms import read_addresses
from cloudguard.packet_sets.services import ServiceSet
from cloudguard.provider.answers import AnswerError, Item, child, children, port, text
from cloudguard.values import dataclass
from cloudguard_azure.access.api import Api
from cloudguard_azure.access.calls import LIST_APPLICATION_GATEWAYS, LIST_INTERFACES
from cloudguard_azure.access.ids import canonical, id_in, ids_in, own_id, parent, parts, word
from cloudguard_azure.cluster.load_balancers import HIDES, BackendPool, front_end
from cloudguard_azure.network.ways_in.private_links import connected
from cloudguard_azure.network.ways_in.proxies import Proxy, ProxyRule, Targets
from cloudguard_azure.network.ways_in.web_firewalls import guarded, policies_of

KIND: Final = "application gateway"
_RULES: Final = ("requestRoutingRules", "routingRules")
_PARTS: Final = (
    *("backendAddressPools", "backendHttpSettingsCollection", "backendSettingsCollection", "frontendPorts"),
    *("frontendIPConfigurations", "httpListeners", "listeners", "loadDistributionPolicies", "urlPathMaps"),
)
_PLAIN: Final = frozenset({"http", "tcp"})
_SERVICES: Final = (".azurewebsites.net", ".azure-api.net", ".core.windows.net", ".azurecontainerapps.io")
"""Name suffixes of Azure's own services, which an application gateway may send to
(https://learn.microsoft.com/azure/application-gateway/application-gateway-components#backend-pools).
"""


@dataclass(frozen=True, slots=True)
class ApplicationGateway:
    """An application gateway. ``names``: the host names in its pools, without Azure's own services.

    ``policies``: the ids of its web application firewall policies.
    """

    proxy: Proxy
    names: tuple[str, ...]
    policies: tuple[str, ...]


def read_application_gateways(
    api: Api, targets: Targets, guards: Callable[[str], tuple[str, ...]], named: Collection[str]
) -> tuple[tuple[Proxy, ...], tuple[Filter, ...]]:
    """Read the application gateways, and the filters of their policies. ``guards``: the filters of a subnet, by its id.

    A name in a pool is not resolved. If the gateway is in one of the networks ``named`` (ids), the name may stand for a
    member's address, so it leaves a Gap. For AKS ``named`` is empty: its gateways name Services.
    """
    call = LIST_APPLICATION_GATEWAYS
    gateways = api.listed(call, partial(_gateway, guards), hides=HIDES)
    for gateway in gateways:
        if gateway.names and any(parent(subnet) in named for subnet in gateway.proxy.subnets):
            why = f"it forwards internet traffic to {gateway.names[0]}, whose owner is not known"
            targets.record_unfollowed(gateway.proxy.source, gateway.proxy.id, why)
    pools = {pool.id for gateway in gateways for pool in gateway.proxy.pools}
    for name in sorted(
        reference for reference in targets.members.references - pools if "/applicationgateways/" in reference
    ):
        source = Source(LIST_INTERFACES.name, name)
        targets.record_unfollowed(
            source, name, "hosts of the cluster are in this pool, but no application gateway that was read contains it"
        )
    return guarded(api, {gateway.proxy: gateway.policies for gateway in gateways})


def _gateway(guards: Callable[[str], tuple[str, ...]], item: Item) -> ApplicationGateway:
    """Return an application gateway. Rules that can't be parsed matter only if the gateway leads to the cluster."""
    resource_id, inside = own_id(item), child(item, "properties")
    named = {canonical(text(item, "id")): item for key in _PARTS for item in children(inside, key)}
    listed = children(inside, "backendAddressPools")
    pools = {pool.id: pool for pool in (_pool(resource_id, number, item) for number, item in enumerate(listed))}
    rules, unclear = _all_rules(inside, named, pools)
    places = (id_in(configuration, "subnet") for configuration in parts(inside, "gatewayIPConfigurations"))
    subnets = tuple(dict.fromkeys(filter(None, places)))
    source = Source(LIST_APPLICATION_GATEWAYS.name, resource_id)
    names = (text(address, "fqdn").lower() for pool in listed for address in _addresses(pool))
    proxy = Proxy(
        id=resource_id,
        name=text(item, "name"),
        kind=KIND,
        source=source,
        subnets=subnets,
        rules=rules,
        filters=tuple(dict.fromkeys(name for subnet in subnets for name in guards(subnet))),
        published=tuple(_published(inside, source)),
        pools=tuple(pools.values()),
        unclear=unclear,
    )
    policies = policies_of(inside, named.values())
    return ApplicationGateway(proxy, tuple(name for name in names if name and not name.endswith(_SERVICES)), policies)


def _all_rules(
    inside: Item, named: Mapping[str, Item], pools: Mapping[str, BackendPool]
) -> tuple[tuple[ProxyRule, ...], str]:
    """Return all routing rules, and why some can't be parsed ("": all can)."""
    rules, unclear, listed = list[ProxyRule](), "", [item for key in _RULES for item in children(inside, key)]
    for item in listed:
        try:
            rules += _rules(item, named, pools)
        except AnswerError as error:
            unclear = str(error)
    return tuple(rules), unclear if listed else "its rules are missing"


def _addresses(pool: Item) -> list[Item]:
    return [*children(child(pool, "properties"), "backendAddresses")]


def _pool(gateway: str, number: int, item: Item) -> BackendPool:
    addresses = (read_addresses(text(address, "ipAddress")) for address in _addresses(item))
    configurations = ids_in(child(item, "properties"), "backendIPConfigurations")
    pool_id = canonical(text(item, "id")) or f"{gateway}#{number}"
    return BackendPool(pool_id, configurations, addresses=tuple(("", address) for address in addresses if address))


def _published(inside: Item, source: Source) -> Iterator[tuple[str, PublishedService]]:
    """Yield the services offered to other networks by private endpoints, by front end. The owner accepts each client.

    https://learn.microsoft.com/azure/application-gateway/private-link
    """
    for configuration in children(inside, "frontendIPConfigurations"):
        if name := id_in(child(configuration, "properties"), "privateLinkConfiguration"):
            service = PublishedService(name, (), accepts_each=True, source=source, connected=connected(inside))
            yield canonical(text(configuration, "id")), service


def _rules(item: Item, named: Mapping[str, Item], pools: Mapping[str, BackendPool]) -> Iterator[ProxyRule]:
    """Yield the rules of a routing rule: to its own pool, or to the pools of its paths."""
    inside = child(item, "properties")
    listener = _named_part(named, id_in(inside, "httpListener") or id_in(inside, "listener"))
    front = named.get(id_in(listener, "frontendIPConfiguration"))
    paths = _named_part(named, id_in(inside, "urlPathMap"))
    branches = [inside, *([paths] if paths else []), *parts(paths, "pathRules")]
    sent = [pair for branch in branches for pair in _sent(branch, named)]
    if front is None or not (sent or paths or id_in(inside, "redirectConfiguration")):
        message = f"the rule {text(item, 'name')} has no known listener or no target"
        raise AnswerError(message)
    outside = _tcp(port(_named_part(named, id_in(listener, "frontendPort")), "port", 0))
    for number, (pool, settings) in enumerate(sent):
        yield ProxyRule(
            id=canonical(text(item, "id")) + (f"#{number}" if number else ""),
            front=front_end(front),
            outside=outside,
            inside=_tcp(port(settings, "port", 0)),
            pool=pools.get(pool, BackendPool(pool)),
            plaintext=word(settings, "protocol") in _PLAIN,
        )


def _sent(branch: Item, named: Mapping[str, Item]) -> Iterator[tuple[str, Item]]:
    """Yield the pools that a rule, or a path of it, sends to, each with its settings."""
    references = {
        key.removeprefix("default").lower(): id_in(branch, key) for key in branch if isinstance(branch[key], dict)
    }
    settings = _named_part(named, references.get("backendhttpsettings", "") or references.get("backendsettings", ""))
    policy = _named_part(named, references.get("loaddistributionpolicy", ""))
    shared = (id_in(target, "backendAddressPool") for target in parts(policy, "loadDistributionTargets"))
    for pool in filter(None, (references.get("backendaddresspool", ""), *shared)):
        yield pool, settings


def _named_part(named: Mapping[str, Item], part_id: str) -> Item:
    return child(named[part_id], "properties") if part_id in named else {}


def _tcp(number: int) -> ServiceSet:
    """Return a TCP port; 0 is any port."""
    return ServiceSet.parse(f"tcp/{number}" if number else "tcp")

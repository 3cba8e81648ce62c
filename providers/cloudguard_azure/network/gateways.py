"""What lets others in beside load balancers: private link services, bastions, application gateways and firewalls."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Final

from cloudguard.model.load_balancers import PublishedService
from cloudguard.model.network import Tunnel
from cloudguard.model.source import FactKind, Gap, Reason, Source
from cloudguard.model.text_forms import read_addresses
from cloudguard.packet_sets.addresses import AddressSet
from cloudguard.provider.answers import AnswerError, Item, flag, part, parts, text, texts
from cloudguard_azure.access.api import Api
from cloudguard_azure.access.calls import (
    LIST_APPLICATION_GATEWAYS,
    LIST_BASTIONS,
    LIST_FIREWALL_RULES,
    LIST_FIREWALLS,
    LIST_INTERFACES,
    LIST_NETWORKS,
    LIST_PRIVATE_LINK_SERVICES,
    Call,
)
from cloudguard_azure.access.ids import group_of, id_in, ids_in, name_of, own_id, parent, subscription_of
from cloudguard_azure.network.load_balancers import HIDES
from cloudguard_azure.network.members import Members
from cloudguard_azure.network.subnets import VirtualSubnet

_ROUTES: Final = (FactKind.ROUTES,)
_SHARED: Final = AddressSet.parse("168.63.129.16")
"""Where Bastion Developer, which has no subnet, comes from:
https://learn.microsoft.com/azure/bastion/quickstart-developer"""
_BY_ROLE: Final = "Azure Bastion, which asks for Reader on itself and on the machine,"
_BY_LINK: Final = "Azure Bastion, which asks for roles, or for a link that someone shared,"
"""https://learn.microsoft.com/azure/bastion/shareable-link"""
_SERVICES: Final = (".azurewebsites.net", ".azure-api.net", ".core.windows.net", ".azurecontainerapps.io")
"""How names of Azure's own services end, which an application gateway may send to
(https://learn.microsoft.com/azure/application-gateway/application-gateway-components#backend-pools)."""
_BY_GATEWAY: Final = "it sends what the internet asks of it to members of the cluster: that is not followed"


def read_published(api: Api, ranges: Mapping[str, AddressSet]) -> dict[str, tuple[PublishedService, ...]]:
    """Return what private link services offer to other networks, by front end; ``ranges``: those of subnets, by id.

    Their clients arrive with addresses of the service's own subnets
    (https://learn.microsoft.com/azure/private-link/private-link-service-overview).
    """
    found, call = dict[str, tuple[PublishedService, ...]](), LIST_PRIVATE_LINK_SERVICES
    for front_ends, service in api.mapped(call, api.read(call, hides=HIDES), partial(_published, ranges), hides=HIDES):
        for front in front_ends:
            found[front] = (*found.get(front, ()), service)
    return found


def _published(ranges: Mapping[str, AddressSet], item: Item) -> tuple[tuple[str, ...], PublishedService]:
    """Return the front ends that a service offers, and to whom; where its subnets are not known, from any address."""
    name, inside = own_id(item), part(item, "properties")
    visible = texts(part(inside, "visibility"), "subscriptions")
    approved = texts(part(inside, "autoApproval"), "subscriptions")
    front_ends = ids_in(inside, "loadBalancerFrontendIpConfigurations")
    if not front_ends and not text(inside, "destinationIPAddress"):
        message = "what it leads to is missing"
        raise AnswerError(message)
    subnets = [id_in(part(one, "properties"), "subnet") for one in parts(inside, "ipConfigurations")]
    every = [ranges.get(subnet, AddressSet.everything()) for subnet in subnets] or [AddressSet.everything()]
    return front_ends, PublishedService(
        id=name,
        allowed=tuple(sorted({*visible, *approved})),
        accepts_each=not approved,
        source=Source(LIST_PRIVATE_LINK_SERVICES.name, name),
        translated_to=AddressSet.union(every),
    )


def read_bastions(api: Api, networks: Collection[str], ranges: Mapping[str, AddressSet]) -> tuple[Tunnel, ...]:
    """Read the bastions in ``networks`` (ids), the cluster's own and their peers; ``ranges``: those of subnets, by id.

    They connect from their subnet (https://learn.microsoft.com/azure/bastion/bastion-nsg). A developer's bastion is for
    its own network only, but is taken for a peer's as well.
    """
    make = partial(_tunnels, networks, ranges)
    listed = api.mapped(LIST_BASTIONS, api.read(LIST_BASTIONS, hides=_ROUTES), make, hides=_ROUTES)
    return tuple(tunnel for tunnels in listed for tunnel in tunnels)


def _tunnels(networks: Collection[str], ranges: Mapping[str, AddressSet], item: Item) -> tuple[Tunnel, ...]:
    name, inside = own_id(item), part(item, "properties")
    subnets = [id_in(part(one, "properties"), "subnet") for one in parts(inside, "ipConfigurations")]
    places = {*map(parent, subnets), id_in(inside, "virtualNetwork")} - {""}
    if places and places.isdisjoint(networks):
        return ()
    unread = [subnet for subnet in subnets if subnet not in ranges]
    if unread or not places:
        message = f"the ranges of its subnet {unread[0]} were not read" if unread else "its network is missing"
        raise AnswerError(message)
    keeper = _BY_LINK if flag(inside, "enableShareableLink") else _BY_ROLE
    own = AddressSet.union(ranges[subnet] for subnet in subnets) if subnets else _SHARED
    return (Tunnel(name, own, keeper, Source(LIST_BASTIONS.name, name)),)


def point_out(
    api: Api, members: Members, inside: AddressSet, subnets: Iterable[VirtualSubnet], networks: Collection[str]
) -> None:
    """Say what else sends to the cluster's members, or to addresses ``inside`` by which one reaches them.

    ``subnets``: those of the cluster's networks; ``networks``: ids of those in which a gateway that sends to a name may
    mean a member. Of AKS there are none: its gateways name Services, and a rule that lets their subnet reach nodes
    is found by itself.
    """
    for subnet in api.mapped(LIST_NETWORKS, (one.item for one in subnets), _with_service_gateway, hides=HIDES):
        if subnet:
            _miss(api, LIST_NETWORKS, subnet, "it has a service gateway, and what this registers is not asked")
    _miss_direct_links(api, inside)
    _miss_application_gateways(api, members, inside, networks)
    _miss_firewalls(api, inside)


def _with_service_gateway(subnet: Item) -> str:
    return own_id(subnet) if id_in(part(subnet, "properties"), "serviceGateway") else ""


def _miss(api: Api, call: Call, name: str, why: str) -> None:
    api.add_gap(Gap(call.name, name, Reason.UNSUPPORTED, why, HIDES))


def _miss_direct_links(api: Api, inside: AddressSet) -> None:
    """Say which private link services lead to an address without a balancer.

    https://learn.microsoft.com/azure/private-link/configure-private-link-service-direct-connect
    """
    call = LIST_PRIVATE_LINK_SERVICES
    for name, leads_to in api.mapped(call, api.read(call, hides=HIDES), _direct, hides=HIDES):
        if leads_to & inside:
            _miss(api, call, name, f"it leads to {leads_to} without a load balancer: that is not followed")


def _direct(item: Item) -> tuple[str, AddressSet]:
    return own_id(item), read_addresses(text(part(item, "properties"), "destinationIPAddress"))


def _miss_application_gateways(api: Api, members: Members, inside: AddressSet, networks: Collection[str]) -> None:
    """Say which proxies lead to members (https://learn.microsoft.com/azure/application-gateway/overview).

    What a name in a pool stands for is not seen: of a gateway in the ``networks``, it may be a member's address.
    """
    call = LIST_APPLICATION_GATEWAYS
    for one in api.mapped(call, api.read(call, hides=HIDES), _gateway, hides=HIDES):
        named = (members.of_configuration(name) for name in one.configurations)
        if one.addresses & inside or any(found or found is None for found in named):
            _miss(api, call, one.id, _BY_GATEWAY)
        elif one.names and not one.networks.isdisjoint(networks):
            _miss(
                api,
                call,
                one.id,
                f"it sends what the internet asks of it to {one.names[0]}: whose that is, is not seen",
            )
    for name in sorted(one for one in members.references if "/applicationgateways/" in one):
        _miss(api, LIST_INTERFACES, name, _BY_GATEWAY)


@dataclass(frozen=True, slots=True)
class _Gateway:
    """An application gateway: ids of the networks it stands in, and what its pools hold.

    ``names``: those of hosts, without those that Azure's own services have.
    """

    id: str
    networks: frozenset[str]
    configurations: tuple[str, ...]
    addresses: AddressSet
    names: tuple[str, ...]


def _gateway(item: Item) -> _Gateway:
    inside = part(item, "properties")
    pools = [part(one, "properties") for one in parts(inside, "backendAddressPools")]
    listed = [one for pool in pools for one in parts(pool, "backendAddresses")]
    names = (text(one, "fqdn").lower() for one in listed)
    subnets = (id_in(part(one, "properties"), "subnet") for one in parts(inside, "gatewayIPConfigurations"))
    return _Gateway(
        id=own_id(item),
        networks=frozenset(map(parent, subnets)),
        configurations=tuple(name for pool in pools for name in ids_in(pool, "backendIPConfigurations")),
        addresses=AddressSet.of(filter(None, (text(one, "ipAddress") for one in listed))),
        names=tuple(name for name in names if name and not name.endswith(_SERVICES)),
    )


def _miss_firewalls(api: Api, inside: AddressSet) -> None:
    """Say which firewalls hand on connections by rules that translate the destination, their own or a policy's.

    Such rules are not inherited by policies (https://learn.microsoft.com/azure/firewall-manager/policy-overview).
    """
    call = LIST_FIREWALLS
    listed = api.mapped(call, api.read(call, hides=HIDES), _firewall, hides=HIDES)
    policies = sorted({policy for _, policy, _ in listed} - {""})
    groups = api.gather(*(partial(_rules_of, api, policy) for policy in policies))
    of_policies = [(LIST_FIREWALL_RULES, *one) for one in zip(policies, groups, strict=True)]
    for source, name, rules in (*((call, name, rules) for name, _, rules in listed), *of_policies):
        for target in api.mapped(source, rules, partial(_translated, inside), hides=HIDES, about=name):
            if target:
                _miss(api, source, name, f"it hands on connections from the internet to {target}: that is not followed")


def _firewall(item: Item) -> tuple[str, str, tuple[Item, ...]]:
    """Return a firewall's id, its policy's, and its own rules that translate."""
    inside = part(item, "properties")
    rules = (part(one, "properties") for one in parts(inside, "natRuleCollections"))
    return own_id(item), id_in(inside, "firewallPolicy"), tuple(rule for one in rules for rule in parts(one, "rules"))


def _rules_of(api: Api, policy: str) -> tuple[Item, ...]:
    """Return the rules of a policy that name what they translate to."""
    where = {"resource_group_name": group_of(policy), "firewall_policy_name": name_of(policy)}
    other = subscription_of(policy)
    where |= {"subscription": other} if other != api.subscription.lower() else {}
    call = LIST_FIREWALL_RULES
    groups = api.mapped(call, api.read(call, hides=HIDES, about=policy, **where), _collections, hides=HIDES)
    rules = (rule for listed in groups for collection in listed for rule in parts(collection, "rules"))
    return tuple(rule for rule in rules if rule.get("translatedAddress") or rule.get("translatedFqdn"))


def _collections(group: Item) -> Iterable[Item]:
    return parts(part(group, "properties"), "ruleCollections")


def _translated(inside: AddressSet, rule: Item) -> str:
    """Return what a rule hands on to, "" where that is an address which leads to no member of the cluster."""
    address = text(rule, "translatedAddress")
    return "" if address and not read_addresses(address) & inside else address or text(rule, "translatedFqdn")

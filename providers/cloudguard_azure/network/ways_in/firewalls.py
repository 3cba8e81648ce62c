"""Azure Firewalls as proxies. Their DNAT rules translate both the destination and the source.

https://learn.microsoft.com/azure/firewall/tutorial-firewall-dnat, https://techcommunity.microsoft.com/blog/
azurenetworksecurityblog/azure-firewall-nat-behaviors/3825834
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import Final

from cloudguard.model.filters import Action, Direction, Filter, Peer, Rule
from cloudguard.model.source import Source
from cloudguard.model.text_forms import EVERY_SERVICE, read_addresses
from cloudguard.packet_sets.addresses import PUBLIC, AddressSet
from cloudguard.packet_sets.services import ServiceSet
from cloudguard.provider.answers import Item, child, children, required, text, texts
from cloudguard.provider.network.client_filters import to_everyone
from cloudguard.values import dataclass
from cloudguard_azure.access.api import Api
from cloudguard_azure.access.calls import LIST_FIREWALL_RULES, LIST_FIREWALLS, LIST_IP_GROUPS
from cloudguard_azure.access.ids import canonical, id_in, name_of, own_id, parts, place
from cloudguard_azure.access.owners import OWNERS
from cloudguard_azure.cluster.load_balancers import HIDES, BackendPool, FrontEnd
from cloudguard_azure.network.rules import services_of
from cloudguard_azure.network.service_tags import EVERYWHERE, addresses_of
from cloudguard_azure.network.ways_in.proxies import Proxy, ProxyRule, Targets

KIND: Final = "firewall"


@dataclass(frozen=True, slots=True)
class NatRule:
    """A DNAT rule. ``path``: the names of its collection and itself, "in/ssh".

    ``target``: the translated address, empty if the target is a name. ``destinations``: the addresses it translates;
    ``public``: the internet can send to them. ``clients``: words, each with its addresses (None: unknown). ``groups``:
    the ids of IP groups with further clients.
    """

    path: str
    source: Source
    target: AddressSet
    public: bool
    destinations: AddressSet
    outside: ServiceSet
    inside: ServiceSet
    clients: tuple[tuple[str, AddressSet | None], ...]
    groups: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Firewall:
    """A firewall: the id of its policy ("": none), its subnets (none: it is in a hub), its own DNAT rules."""

    id: str
    name: str
    policy: str
    subnets: tuple[str, ...]
    rules: tuple[NatRule, ...]


def read_firewalls(api: Api, targets: Targets) -> tuple[tuple[Proxy, ...], tuple[Filter, ...]]:
    """Read the firewalls as proxies, and the clients of their rules as filters.

    Policies do not inherit DNAT rules (https://learn.microsoft.com/azure/firewall-manager/policy-overview).
    """
    call = LIST_FIREWALLS
    listed = api.listed(call, _firewall, hides=HIDES)
    policies = sorted({firewall.policy for firewall in listed} - {""})
    of_policy = dict(zip(policies, api.gather(*(partial(_rules_of, api, name) for name in policies)), strict=True))
    proxies, filters = list[Proxy](), list[Filter]()
    every = {firewall.id: (*firewall.rules, *of_policy.get(firewall.policy, ())) for firewall in listed}
    named = any(rule.groups for rules in every.values() for rule in rules)
    groups = dict(api.listed(LIST_IP_GROUPS, _ip_group, hides=())) if named else dict[str, AddressSet | None]()
    for firewall in listed:
        rules = list[ProxyRule]()
        for each in every[firewall.id]:
            if not each.target:
                why = f"the rule {each.path} forwards connections to a domain name, whose owner is not known"
                targets.record_unfollowed(each.source, firewall.id, why)
                continue
            filters.append(_clients(firewall, each, groups))
            rules.append(_rule(firewall, each, filters[-1].id))
        proxies.append(
            Proxy(firewall.id, firewall.name, KIND, Source(call.name, firewall.id), firewall.subnets, tuple(rules))
        )
    return tuple(proxies), tuple(filters)


def _firewall(item: Item) -> Firewall:
    resource_id, inside = own_id(item), child(item, "properties")
    places = (id_in(configuration, "subnet") for configuration in parts(inside, "ipConfigurations"))
    collections = [
        (text(collection, "name"), child(collection, "properties"))
        for collection in children(inside, "natRuleCollections")
    ]
    source = Source(LIST_FIREWALLS.name, resource_id)
    return Firewall(
        id=resource_id,
        name=text(item, "name"),
        policy=id_in(inside, "firewallPolicy"),
        subnets=tuple(dict.fromkeys(filter(None, places))),
        rules=tuple(rule for name, collection in collections for rule in _written(name, collection, source)),
    )


def _rules_of(api: Api, policy: str) -> tuple[NatRule, ...]:
    """Return the DNAT rules of a policy."""
    make = partial(_of_group, Source(LIST_FIREWALL_RULES.name, policy))
    where = place(policy, "firewall_policy_name")
    groups = api.listed(LIST_FIREWALL_RULES, make, hides=HIDES, about=policy, **where)
    return tuple(rule for group in groups for rule in group)


def _of_group(source: Source, group: Item) -> tuple[NatRule, ...]:
    collections = children(child(group, "properties"), "ruleCollections")
    named = ((f"{text(group, 'name')}/{text(collection, 'name')}", collection) for collection in collections)
    return tuple(rule for name, collection in named for rule in _written(name, collection, source))


def _written(collection: str, item: Item, source: Source) -> Iterator[NatRule]:
    """Yield the DNAT rules of a collection. Raises AnswerError for one that can't be parsed."""
    for rule in children(item, "rules"):
        address, port = text(rule, "translatedAddress"), text(rule, "translatedPort")
        if not address and not text(rule, "translatedFqdn"):
            continue
        protocols = [protocol.lower() for protocol in (*texts(rule, "protocols"), *texts(rule, "ipProtocols"))] or [
            "any"
        ]
        destinations = [addresses_of(destination) for destination in texts(rule, "destinationAddresses")]
        known = AddressSet.union(destination for destination in destinations if destination is not None)
        clients = [
            (client, EVERYWHERE if client == "*" else _range(client)) for client in texts(rule, "sourceAddresses")
        ]
        yield NatRule(
            path=f"{collection}/{required(rule, 'name')}",
            source=source,
            target=read_addresses(address),
            public=None in destinations or not destinations or bool(known & PUBLIC),
            destinations=known,
            outside=_services(protocols, texts(rule, "destinationPorts")),
            inside=_services(protocols, [port] if port else []),
            clients=tuple(clients),
            groups=tuple(map(canonical, texts(rule, "sourceIpGroups"))),
        )


def _services(protocols: Iterable[str], ports: Sequence[str]) -> ServiceSet:
    """Return the services of protocols: all of them without ports, or for an unknown word."""
    return ServiceSet.union(services_of(protocol, ports or ["*"])[0] for protocol in protocols)


def _rule(firewall: Firewall, rule: NatRule, clients: str) -> ProxyRule:
    rule_id = f"{firewall.id}/{rule.path}"
    return ProxyRule(
        id=rule_id,
        front=FrontEnd(rule_id, rule.public, address=rule.destinations, version6=False),
        outside=rule.outside,
        inside=rule.inside,
        pool=BackendPool(rule_id, addresses=(("", rule.target),)),
        filters=(clients,),
    )


def _ip_group(item: Item) -> tuple[str, AddressSet | None]:
    """Return an IP group's id and addresses (None: unknown)."""
    read = [_range(address) for address in texts(child(item, "properties"), "ipAddresses")]
    known = [addresses for addresses in read if addresses is not None]
    return own_id(item), AddressSet.union(known) if len(known) == len(read) else None


def _range(written: str) -> AddressSet | None:
    """Return the addresses of an address, a CIDR or a range "10.0.0.1-10.0.0.9"; None for another text."""
    first, dash, last = written.partition("-")
    start, end = addresses_of(first), addresses_of(last if dash else first)
    if start is None or end is None:
        return None
    low, high = start.intervals[0], end.intervals[0]
    return AddressSet.of_intervals([(low[0], high[1])]) if low[0] < high[1] else None


def _clients(firewall: Firewall, rule: NatRule, groups: Mapping[str, AddressSet | None]) -> Filter:
    """Return a filter that lets in the clients of a rule. ``groups``: the addresses of IP groups by id."""
    owner = OWNERS.known("firewall")
    clients = (*rule.clients, *((name_of(group), groups.get(group)) for group in rule.groups))
    rules = [
        Rule(
            id=rule.path,
            direction=Direction.INGRESS,
            action=Action.PERMIT,
            services=EVERY_SERVICE,
            peer=Peer(EVERYWHERE if addresses is None else addresses),
            source=rule.source,
            order=number,
            uncertain="" if addresses is not None else f"the addresses of {word} are not known",
            written_by=owner,
        )
        for number, (word, addresses) in enumerate(clients)
    ]
    filter_id, every = f"{firewall.id}/{rule.path}#clients", (*rules, to_everyone(rule.source))
    return Filter(filter_id, rule.path, KIND, every, rule.source, ordered=True, editable=False, written_by=owner)

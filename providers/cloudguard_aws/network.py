"""The network around one cluster: its VPCs, what guards it, what leads to it, who is let in by name."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Final

from cloudguard.model.cluster import Host, Pool
from cloudguard.model.network import (
    AddressList,
    Balancer,
    Direction,
    Endpoint,
    Filter,
    Group,
    Interface,
    NextHop,
    PeerKind,
    Segment,
    Topology,
)
from cloudguard.model.source import Facet, Gap, Reason
from cloudguard_aws import calls
from cloudguard_aws.api import Api
from cloudguard_aws.balancers import read_balancers
from cloudguard_aws.listeners import Members
from cloudguard_aws.routes import Tables, network, peering_ranges, segment
from cloudguard_aws.rules import Item, address_list, network_acl, owners_of_named, security_group
from cloudguard_aws.strangers import Insiders, balancer_descriptions, strangers

_AT_ONCE: Final = 200
"""Values a filter takes: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_Filter.html"""
_PLACES: Final = (Facet.ROUTES, Facet.FILTERS, Facet.BALANCERS)


@dataclass(frozen=True, slots=True)
class _Guards:
    """Security groups as filters, and the groups that their rules name with the accounts these belong to."""

    filters: tuple[Filter, ...]
    named: dict[str, str]
    account: str


@dataclass(frozen=True, slots=True)
class _Ground:
    """VPCs and what is in them, as answered; ``tables`` and ``acls`` None where they could not be read."""

    vpcs: list[Item]
    subnets: list[Item]
    tables: Tables | None
    acls: list[Item] | None
    balancers: tuple[Balancer, ...]


def read_topology(  # noqa: PLR0913 - all that stands in the network
    api: Api,
    *,
    cluster: str,
    hosts: tuple[Host, ...],
    pools: tuple[Pool, ...],
    endpoints: tuple[Endpoint, ...],
    network_ids: Collection[str] = (),
) -> Topology:
    """Read all about the network that concerns one cluster; ``network_ids`` are its VPCs where they are known."""
    used = {interface.segment for host in hosts for interface in host.interfaces}
    used.update(*(pool.segments for pool in pools), *(endpoint.segments for endpoint in endpoints))
    networks = {*network_ids, *(one.network for one in endpoints)} - {""}
    ground = _ground(api, cluster, Members.of(hosts), frozenset(used - {""}), frozenset(networks))
    segments = _segments(ground, api)
    names = _filter_names(hosts, pools, endpoints, ground.balancers)
    guards, outbound = api.two(partial(_guards, api, names), partial(_outbound, api, hosts, segments))
    (groups, outsiders), lists = api.two(
        partial(_groups, api, guards, _insiders(cluster, hosts, ground.balancers)),
        partial(_address_lists, api, _listed(guards.filters, segments)),
    )
    return Topology(
        networks=tuple(network(item, ground.tables) for item in sorted(ground.vpcs, key=lambda one: str(one["VpcId"]))),
        segments=segments,
        filters=(*guards.filters, *_borders(ground.acls or (), segments)),
        groups=groups,
        address_lists=lists,
        balancers=ground.balancers,
        endpoints=endpoints,
        strangers=outsiders,
        outbound_addresses=outbound,
    )


def _ground(api: Api, cluster: str, members: Members, used: frozenset[str], known: frozenset[str]) -> _Ground:
    """Read the VPCs; where they are not ``known``, those of the subnets ``used``."""
    subnets: list[Item] = []
    if not known:
        subnets = _by_values(api, calls.DESCRIBE_SUBNETS, _PLACES, "subnet-id", used)
        known = frozenset(subnet["VpcId"] for subnet in subnets)
    balancers, inside, (vpcs, acls), tables = api.four(
        partial(read_balancers, api, cluster=cluster, network_ids=known, members=members),
        partial(_by_values, api, calls.DESCRIBE_SUBNETS, _PLACES, "vpc-id", () if subnets else known),
        lambda: api.two(
            partial(_by_values, api, calls.DESCRIBE_VPCS, (Facet.ROUTES,), "vpc-id", known),
            partial(_by_values_or_none, api, calls.DESCRIBE_NETWORK_ACLS, (Facet.FILTERS,), "vpc-id", known),
        ),
        partial(_tables, api, known),
    )
    wanted = used.union(*(one.segments for one in balancers))
    items = {str(one["SubnetId"]): one for one in (*subnets, *inside)}
    for one in _by_values(api, calls.DESCRIBE_SUBNETS, _PLACES, "subnet-id", wanted - items.keys()):
        items[str(one["SubnetId"])] = one
    return _Ground(vpcs, [one for name, one in sorted(items.items()) if name in wanted], tables, acls, balancers)


def _segments(ground: _Ground, api: Api) -> tuple[Segment, ...]:
    """Return the subnets. One whose network ACL is not seen is guarded by a filter that no one knows."""
    guarding = {link["SubnetId"]: acl["NetworkAclId"] for acl in ground.acls or () for link in acl["Associations"]}
    for item in ground.subnets if ground.acls is not None else ():
        if item["SubnetId"] not in guarding:
            message = "the subnet's network ACL can't be seen from this account"
            call = calls.DESCRIBE_NETWORK_ACLS.name
            api.add_gap(Gap(call, item["SubnetId"], Reason.MISSING, message, (Facet.FILTERS,)))
    return tuple(
        segment(item, (guarding.get(item["SubnetId"], f"network ACL of {item['SubnetId']}"),), ground.tables)
        for item in ground.subnets
    )


def _borders(acls: Iterable[Item], segments: Iterable[Segment]) -> tuple[Filter, ...]:
    used = {name for one in segments for name in one.filters}
    found = (network_acl(acl, calls.DESCRIBE_NETWORK_ACLS.name) for acl in acls if acl["NetworkAclId"] in used)
    return tuple(sorted(found, key=lambda one: one.id))


def _filter_names(
    hosts: tuple[Host, ...],
    pools: tuple[Pool, ...],
    endpoints: tuple[Endpoint, ...],
    balancers: tuple[Balancer, ...],
) -> frozenset[str]:
    """Return every security group that guards something of the cluster's."""
    of_hosts = [interface.filters for host in hosts for interface in host.interfaces]
    others = [one.filters for group in (pools, endpoints, balancers) for one in group]
    return frozenset(name for names in (*of_hosts, *others) for name in names)


def _insiders(cluster: str, hosts: tuple[Host, ...], balancers: tuple[Balancer, ...]) -> Insiders:
    return Insiders(
        cluster=cluster,
        hosts={host.id for host in hosts},
        interfaces={interface.id for host in hosts for interface in host.interfaces},
        balancers=balancer_descriptions(balancers),
    )


def _by_values(api: Api, call: calls.Call, hides: tuple[Facet, ...], name: str, values: Iterable[str]) -> list[Item]:
    return _by_values_or_none(api, call, hides, name, values) or []


def _by_values_or_none(
    api: Api, call: calls.Call, hides: tuple[Facet, ...], name: str, values: Iterable[str]
) -> list[Item] | None:
    """Read what the filter ``name`` matches any of ``values``; None where any part of it was refused."""
    wanted = sorted(values)
    pages = [wanted[start : start + _AT_ONCE] for start in range(0, len(wanted), _AT_ONCE)]
    answers = api.gather(*(partial(_page, api, call, hides, name, page) for page in pages))
    if any(answer is None for answer in answers):
        return None
    return [item for answer in answers for item in answer or ()]


def _page(api: Api, call: calls.Call, hides: tuple[Facet, ...], name: str, page: list[str]) -> list[Item] | None:
    key = "Filter" if call is calls.DESCRIBE_NAT_GATEWAYS else "Filters"
    resource = page[0] if len(page) == 1 else "*"
    answer = api.read_or_none(call, hides=hides, resource=resource, **{key: [{"Name": name, "Values": page}]})
    return None if answer is None else list(answer)


def _tables(api: Api, vpcs: frozenset[str]) -> Tables | None:
    """Read the route tables of ``vpcs``, and the ranges behind the peerings they lead to."""
    tables = _by_values_or_none(api, calls.DESCRIBE_ROUTE_TABLES, (Facet.ROUTES,), "vpc-id", vpcs)
    if tables is None:
        return None
    peerings = {route.get("VpcPeeringConnectionId") for table in tables for route in table.get("Routes", ())} - {None}
    items = _by_values(
        api, calls.DESCRIBE_VPC_PEERING_CONNECTIONS, (Facet.ROUTES,), "vpc-peering-connection-id", map(str, peerings)
    )
    return Tables(tables, calls.DESCRIBE_ROUTE_TABLES.name, peering_ranges(items, vpcs))


def _guards(api: Api, names: frozenset[str]) -> _Guards:
    """Read security groups and their rules; a group that is not there, or is another account's, leaves a gap."""
    hides = (Facet.FILTERS,)
    groups, rules = api.two(
        partial(_by_values_or_none, api, calls.DESCRIBE_SECURITY_GROUPS, hides, "group-id", names),
        partial(_by_values_or_none, api, calls.DESCRIBE_SECURITY_GROUP_RULES, hides, "group-id", names),
    )
    by_group: dict[str, list[Item]] = {}
    for rule in rules or ():
        by_group.setdefault(rule["GroupId"], []).append(rule)
    call = calls.DESCRIBE_SECURITY_GROUPS.name
    rule_call = calls.DESCRIBE_SECURITY_GROUP_RULES.name
    found = tuple(
        security_group(group, by_group.get(group["GroupId"]), rule_call if rules else call)
        for group in sorted(groups or (), key=lambda one: str(one["GroupId"]))
    )
    missing = names - {one.id for one in found} if groups is not None else ()
    for name in sorted(missing):
        api.add_gap(Gap(call, name, Reason.MISSING, "the security group can't be seen from this account", hides))
    account = next((str(group["OwnerId"]) for group in groups or () if group.get("OwnerId")), "")
    return _Guards(found, owners_of_named(groups or (), rules or ()), account)


def _groups(api: Api, guards: _Guards, insiders: Insiders) -> tuple[tuple[Group, ...], tuple[Interface, ...]]:
    """Return the groups that rules name, and who carries those that are let in, but for the cluster's own."""
    foreign = {name for name, owner in guards.named.items() if owner and guards.account and owner != guards.account}
    let_in = {
        rule.peer.value
        for one in guards.filters
        for rule in one.rules
        if rule.peer.kind is PeerKind.GROUP and rule.direction is Direction.INGRESS
    }
    call = calls.DESCRIBE_NETWORK_INTERFACES
    items = _by_values_or_none(api, call, (Facet.MEMBERS,), "group-id", let_in - foreign)
    names = {one.id: one.name for one in guards.filters}
    for item in items or ():
        names |= {group["GroupId"]: group.get("GroupName", "") for group in item.get("Groups", ())}
    groups = tuple(
        Group(
            id=name,
            name=names.get(name, ""),
            source=api.source(call, name),
            members_known=items is not None and name not in foreign,
            owner=owner if name in foreign else "",
        )
        for name, owner in sorted(guards.named.items())
    )
    outsiders = strangers(items or (), insiders, call.name)
    return groups, tuple(sorted(outsiders, key=lambda one: one.id))


def _listed(filters: Iterable[Filter], segments: Iterable[Segment]) -> frozenset[str]:
    """Return the prefix lists that matter: a gateway endpoint's lead to a service that no one connects from."""
    in_rules = (rule.peer.value for one in filters for rule in one.rules if rule.peer.kind is PeerKind.ADDRESS_LIST)
    in_routes = (
        route.destination
        for one in segments
        for route in one.routes
        if route.destination.startswith("pl-") and route.hop is not NextHop.SERVICE
    )
    return frozenset((*in_rules, *in_routes))


def _address_lists(api: Api, names: frozenset[str]) -> tuple[AddressList, ...]:
    """Read prefix lists; one that is not there, or whose entries can't be read, is kept as unknown."""
    hides, ordered, call = (Facet.ADDRESS_LISTS,), sorted(names), calls.GET_MANAGED_PREFIX_LIST_ENTRIES
    described, entries = api.two(
        partial(_by_values_or_none, api, calls.DESCRIBE_MANAGED_PREFIX_LISTS, hides, "prefix-list-id", names),
        lambda: api.gather(
            *(partial(api.read_or_none, call, hides=hides, resource=name, PrefixListId=name) for name in ordered)
        ),
    )
    titles = {one["PrefixListId"]: one.get("PrefixListName", "") for one in described or ()}
    found: list[AddressList] = []
    for name, listed in zip(ordered, entries, strict=True):
        missing = listed == [] and described is not None and name not in titles
        if missing:
            api.add_gap(Gap(call.name, name, Reason.MISSING, "the prefix list can't be seen from this account", hides))
        known = None if missing else listed
        found.append(address_list(name, titles.get(name, ""), known, api.source(call, name)))
    return tuple(found)


def _outbound(api: Api, hosts: tuple[Host, ...], segments: Iterable[Segment]) -> tuple[str, ...]:
    """Return the public addresses that hosts leave by: their own, and those of the NAT gateways they are routed to."""
    gateways = {route.target for one in segments for route in one.routes if route.target.startswith("nat-")}
    items = _by_values(api, calls.DESCRIBE_NAT_GATEWAYS, (Facet.ROUTES,), "nat-gateway-id", gateways)
    own = {address for host in hosts for interface in host.interfaces for address in interface.public}
    return tuple(sorted({f"{address}/32" for address in (*own, *_translated(items))}))


def _translated(gateways: Iterable[Item]) -> Iterator[str]:
    for gateway in gateways:
        yield from (one["PublicIp"] for one in gateway.get("NatGatewayAddresses", ()) if one.get("PublicIp"))

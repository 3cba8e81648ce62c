"""The targets of forwarding rules: target proxies, URL maps, backend services, instance groups and target pools."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Final, TypeVar, cast

from cloudguard.model.load_balancers import BackendTarget
from cloudguard.model.text_forms import NO_ADDRESSES
from cloudguard.packet_sets.services import ServiceSet
from cloudguard.provider.answers import Item, children, number, required, text, texts
from cloudguard.values import dataclass
from cloudguard_gcp.access import calls
from cloudguard_gcp.access.api import Api
from cloudguard_gcp.access.links import last, link_in, machine, part_of, project_of, short
from cloudguard_gcp.cluster.instances import place_of
from cloudguard_gcp.network.endpoint_groups import HIDES, OUTSIDE, WITHOUT_ENDPOINTS, endpoints, kind_of
from cloudguard_gcp.network.forwarding_rules import ForwardingRule

A = TypeVar("A")
_ALL_TCP: Final = ServiceSet.parse("tcp")
_NO_HOSTS: Final = ("targetVpnGateways", "serviceAttachments")
"""Kinds of targets without an instance of the project: VPN gateways of Google, and services of other projects."""
_BUNDLES: Final = frozenset({"all-apis", "vpc-sc"})
"""Google's own APIs as a target (https://cloud.google.com/vpc/docs/about-accessing-google-apis-endpoints)."""
_KINDS: Final = {
    "targetPools": calls.LIST_TARGET_POOLS,
    "targetInstances": calls.LIST_TARGET_INSTANCES,
    "targetTcpProxies": calls.LIST_TARGET_TCP_PROXIES,
    "targetSslProxies": calls.LIST_TARGET_SSL_PROXIES,
    "targetHttpProxies": calls.LIST_TARGET_HTTP_PROXIES,
    "targetHttpsProxies": calls.LIST_TARGET_HTTPS_PROXIES,
    "backendServices": calls.LIST_BACKEND_SERVICES,
    "urlMaps": calls.LIST_URL_MAPS,
}


_LINKS_TO_SENDERS: Final = frozenset({"selfLink", "usedBy"})
"""Fields that link to the resource itself, or to the resources that send to it."""


@dataclass(frozen=True, slots=True)
class ReachedTarget:
    """A target, and the protocol that its backend service uses ("" if packets are passed on unchanged).

    ``by_internet``: the proxy connects to the target's public address, from the addresses that Google has for this.
    ``policy``: the link of the security policy of its backend service ("": none).
    """

    target: BackendTarget
    protocol: str
    by_internet: bool = False
    policy: str = ""


@dataclass(frozen=True, slots=True)
class _Backend:
    """A resource that a link leads to: its instances and groups, and links to the resources behind it.

    ``instances`` and ``groups`` are links. ``port_name`` ("": none) and ``port`` (0: none) apply to its groups.
    ``policy``: the link of its security policy ("": none).
    """

    id: str
    instances: tuple[str, ...]
    groups: tuple[str, ...]
    links: tuple[str, ...]
    protocol: str
    port_name: str
    port: int
    policy: str


@dataclass(frozen=True, slots=True)
class _Group:
    """An instance group: its network, and its named ports."""

    id: str
    network: str
    ports: tuple[tuple[str, int], ...]


class Backends:
    """Follows links from a forwarding rule to instances. It reads a list when the first link leads there.

    ``networks``: short names of the networks whose machines matter. The members of groups in other networks are not
    read.

    ``pools``: map of an instance group or target pool, by its place, to the pools whose next hosts will be in it.
    """

    def __init__(
        self,
        api: Api,
        project: str,
        networks: Collection[str] = (),
        pools: Mapping[str, Sequence[str]] | None = None,
    ) -> None:
        self._api = api
        self._project = project
        self._networks = networks
        self._pools = pools or {}

    def prefetch(self, rules: Sequence[ForwardingRule]) -> None:
        """Start to read the lists that the rules' links lead to."""
        kinds = {kind for rule in rules for link in rule.links for kind in _KINDS if f"/{kind}/" in link}
        wanted = [call for kind, call in _KINDS.items() if kind in kinds]
        if kinds - {"targetPools", "targetInstances"}:
            wanted += [calls.LIST_BACKEND_SERVICES, calls.LIST_INSTANCE_GROUPS]
        if kinds & {"targetHttpProxies", "targetHttpsProxies"}:
            wanted.append(calls.LIST_URL_MAPS)
        for call in dict.fromkeys(wanted):
            self._api.prefetch(call, project=self._project)

    def of_rule(self, rule: ForwardingRule) -> Iterator[ReachedTarget]:
        """Yield a rule's targets: on its own ports if it is passthrough, on the backends' ports if it is a proxy."""
        own_services = None if rule.is_proxy else ServiceSet.union(rule.services)
        for link in rule.links:
            yield from self.behind(link, own_services)

    def behind(
        self, link: str, service: ServiceSet | None, seen: frozenset[str] = frozenset()
    ) -> Iterator[ReachedTarget]:
        """Yield the targets behind ``link``.

        ``service``: the one that targets are reached on (None: the backends' own). ``seen``: links that were followed
        to get here. They are not followed again.
        """
        kind = next((name for name in _KINDS if f"/{name}/" in link), "")
        if not kind:
            self._record_missing(link, "cloudguard does not follow this kind of link")
            return
        for backend in self._resources_at(_KINDS[kind], link, _backend):
            for member in (*map(machine, backend.instances), *self._pools.get(place_of(backend.id), ())):
                target = BackendTarget(member, NO_ADDRESSES, service or _ALL_TCP)
                yield ReachedTarget(target, "", policy=backend.policy)
            for group in backend.groups:
                for reached in self._members(group, backend, service):
                    yield replace(reached, protocol=backend.protocol, policy=backend.policy)
            for further in backend.links:
                if short(further) not in seen:
                    yield from self.behind(further, service, seen | {short(link)})

    def _resources_at(self, call: calls.Call, link: str, make: Callable[[Item], A]) -> tuple[A, ...]:
        """Return the resources that a link leads to, from the list of its own project.

        If the list was read and does not have the resource, return nothing and leave a Gap.
        """
        project = project_of(link) or self._project
        listed = self._api.read_or_none(call, hides=HIDES, project=project)
        mine = [item for item in listed or () if short(str(item.get("selfLink"))) == short(link)]
        if not mine and listed is not None:
            self._record_missing(link, f"{call.name} did not return it")
        return self._api.mapped(call, mine, make, hides=HIDES)

    def _record_missing(self, link: str, why: str) -> None:
        if link not in _BUNDLES and not any(f"/{kind}/" in link for kind in _NO_HOSTS):
            name = short(link)
            message = f"the targets of {last(name)} were not found: {why}"
            self._api.missed(calls.LIST_FORWARDING_RULES, name, message, HIDES)

    def _members(self, link: str, backend: _Backend, service: ServiceSet | None) -> Iterator[ReachedTarget]:
        if "/networkEndpointGroups/" in link:
            yield from self._endpoints(short(link), service)
            return
        for group in self._resources_at(calls.LIST_INSTANCE_GROUPS, link, _group):
            if group.network and self._networks and group.network not in self._networks:
                continue
            named = [port for name, port in group.ports if name == backend.port_name] or [backend.port]
            own_services = service or ServiceSet.parse(",".join(f"tcp/{port}" for port in named if port) or "tcp")
            for member in (*map(machine, self._instances(link)), *self._pools.get(place_of(link), ())):
                yield ReachedTarget(BackendTarget(member, NO_ADDRESSES, own_services), "")

    def _instances(self, group: str) -> tuple[str, ...]:
        """Return the links of the instances in a group."""
        zone, where = part_of(group, "zones"), {"project": project_of(group) or self._project}
        where |= {"zone": zone} if zone else {"region": part_of(group, "regions")}
        call = calls.LIST_GROUP_INSTANCES if zone else calls.LIST_REGION_GROUP_INSTANCES
        make, about = partial(required, key="instance"), last(group)
        return self._api.listed(call, make, hides=HIDES, about=about, **where, instance_group=about)

    def _endpoints(self, link: str, service: ServiceSet | None) -> Iterator[ReachedTarget]:
        """Yield the endpoints of a group; none for serverless and Private Service Connect groups."""
        if part_of(link, "zones"):
            yield from (ReachedTarget(endpoint, "") for endpoint in endpoints(self._api, link, self._project, service))
            return
        kind = kind_of(self._api, link, self._project)
        if kind is None:
            self._record_missing(link, f"{calls.LIST_ENDPOINT_GROUPS.name} did not return it")
        elif kind not in WITHOUT_ENDPOINTS:
            targets = endpoints(self._api, link, self._project, service)
            yield from (ReachedTarget(target, "", by_internet=kind in OUTSIDE) for target in targets)


def _backend(item: Item) -> _Backend:
    """Return a resource of any kind: each kind has some of these fields."""
    instance, spare = text(item, "instance"), text(item, "backupPool")
    return _Backend(
        id=required(item, "selfLink"),
        instances=(*texts(item, "instances"), *([instance] if instance else [])),
        groups=tuple(filter(None, (text(backend, "group") for backend in children(item, "backends")))),
        links=(*([spare] if spare else []), *dict.fromkeys(_links(item))),
        protocol=text(item, "protocol"),
        port_name=text(item, "portName"),
        port=number(item, "port", 0),
        policy=link_in(item, "securityPolicy"),
    )


def _group(item: Item) -> _Group:
    ports = tuple((text(port, "name"), number(port, "port", 0)) for port in children(item, "namedPorts"))
    return _Group(required(item, "selfLink"), link_in(item, "network"), ports)


def _links(value: object) -> Iterator[str]:
    """Yield the links to backend services and URL maps in an answer, at any depth."""
    if isinstance(value, str):
        if "/backendServices/" in value or "/urlMaps/" in value:
            yield value
    elif isinstance(value, dict):
        for key, inner in cast("Item", value).items():
            if key not in _LINKS_TO_SENDERS:
                yield from _links(inner)
    elif isinstance(value, list):
        for inner in cast("list[object]", value):
            yield from _links(inner)

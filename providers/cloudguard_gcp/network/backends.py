"""What stands behind a forwarding rule: proxies and their maps, backend services, groups, pools."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final, cast

from cloudguard.model.load_balancers import BackendTarget
from cloudguard.model.source import FactKind, Gap, Reason
from cloudguard.model.text_forms import NO_ADDRESSES, read_addresses
from cloudguard.packet_sets.services import ServiceSet
from cloudguard.provider.answers import Item
from cloudguard_gcp.access import calls
from cloudguard_gcp.access.api import Api
from cloudguard_gcp.access.links import last, machine, part_of, project_of, short

_ALL_TCP: Final = ServiceSet.parse("tcp")
HIDES: Final = (FactKind.BALANCERS,)
_NO_HOSTS: Final = ("targetVpnGateways", "serviceAttachments")
"""Kinds behind which there is no instance of the project's: gateways of Google's, and other projects' services."""
_BUNDLES: Final = frozenset({"all-apis", "vpc-sc"})
"""Google's own APIs (https://cloud.google.com/vpc/docs/about-accessing-google-apis-endpoints)."""
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


@dataclass(frozen=True, slots=True)
class Reached:
    """A target, and the protocol that its backend service speaks ("" for none: packets are passed on as they are)."""

    target: BackendTarget
    protocol: str


class Backends:
    """Follows links from a forwarding rule to instances; a list is asked for when a link first leads there.

    ``networks``: short names of those whose machines matter; other networks' groups are not asked who is in them.
    """

    def __init__(self, api: Api, project: str, networks: Collection[str] = ()) -> None:
        self._api = api
        self._project = project
        self._networks = networks

    def prefetch(self, rules: Sequence[Item]) -> None:
        """Ask at once for the lists that the rules' links lead to."""
        links = [str(one.get(key, "")) for one in rules for key in ("target", "backendService")]
        kinds = {kind for link in links for kind in _KINDS if f"/{kind}/" in link}
        wanted = [call for kind, call in _KINDS.items() if kind in kinds]
        if kinds - {"targetPools", "targetInstances"}:
            wanted += [calls.LIST_BACKEND_SERVICES, calls.LIST_INSTANCE_GROUPS]
        if kinds & {"targetHttpProxies", "targetHttpsProxies"}:
            wanted.append(calls.LIST_URL_MAPS)
        self._api.gather(
            *(partial(self._api.read, call, hides=HIDES, project=self._project) for call in dict.fromkeys(wanted))
        )

    def behind(self, link: str, service: ServiceSet | None) -> Iterator[Reached]:
        """Yield what is behind ``link``; ``service``: the one it is reached on (None: the backends' own)."""
        kind = next((name for name in _KINDS if f"/{name}/" in link), "")
        if not kind:
            self._miss(link, "what stands behind it is not followed")
            return
        item = self._find(_KINDS[kind], link)
        if kind == "targetPools":
            spare = str(item.get("backupPool") or "")
            pools: tuple[Item, ...] = (item, self._find(_KINDS[kind], spare)) if spare else (item,)
            for pool in pools:
                for instance in cast("Sequence[str]", pool.get("instances") or ()):
                    yield Reached(BackendTarget(machine(instance), NO_ADDRESSES, service or _ALL_TCP), "")
        elif kind == "targetInstances":
            yield Reached(BackendTarget(machine(str(item.get("instance", ""))), NO_ADDRESSES, service or _ALL_TCP), "")
        elif kind == "backendServices":
            protocol = str(item.get("protocol", ""))
            for one in cast("Sequence[Item]", item.get("backends") or ()):
                for target in self._members(str(one.get("group", "")), item, service):
                    yield Reached(target, protocol)
        else:
            for further in dict.fromkeys(_links(item)):
                yield from self.behind(further, service)

    def _find(self, call: calls.Call, link: str) -> Item:
        """Return what a link leads to, by the list of its own project; {} and a Gap where it is not there."""
        project = project_of(link) or self._project
        listed = self._api.read_or_none(call, hides=HIDES, project=project)
        found = next((one for one in listed or () if short(str(one["selfLink"])) == short(link)), None)
        if found is None and listed is not None:
            self._miss(link, f"{call.name} does not have it")
        return found or {}

    def _miss(self, link: str, why: str) -> None:
        if link not in _BUNDLES and not any(f"/{kind}/" in link for kind in _NO_HOSTS):
            name = short(link)
            message = f"whom {last(name)} leads to was not seen: {why}"
            self._api.add_gap(Gap(calls.LIST_FORWARDING_RULES.name, name, Reason.MISSING, message, HIDES))

    def _members(self, group: str, backend: Item, service: ServiceSet | None) -> Iterator[BackendTarget]:
        if "/networkEndpointGroups/" in group:
            yield from self._endpoints(group, service)
            return
        item = self._find(calls.LIST_INSTANCE_GROUPS, group)
        network = short(str(item.get("network", "")))
        if network and self._networks and network not in self._networks:
            return
        ports = [
            str(one["port"])
            for one in cast("Sequence[Item]", item.get("namedPorts") or ())
            if one.get("name") == backend.get("portName")
        ]
        listed = ",".join(f"tcp/{port}" for port in ports or filter(None, [str(backend.get("port") or "")]))
        own = service or ServiceSet.parse(listed or "tcp")
        where = {"project": project_of(group) or self._project, "zone": part_of(group, "zones")}
        if not where["zone"]:
            where = {"project": where["project"], "region": part_of(group, "regions")}
        call = calls.LIST_GROUP_INSTANCES if "zone" in where else calls.LIST_REGION_GROUP_INSTANCES
        key = {"instance_group": last(group)}
        for one in self._api.read(call, hides=HIDES, about=last(group), **where, **key):
            yield BackendTarget(machine(str(one["instance"])), NO_ADDRESSES, own)

    def _endpoints(self, group: str, service: ServiceSet | None) -> Iterator[BackendTarget]:
        """Yield a group's endpoints: a machine, at an address of its own or of a pod's where it names one."""
        if not part_of(group, "zones"):
            return  # endpoints outside the network, or of a service without machines
        found = self._api.read(
            calls.LIST_GROUP_ENDPOINTS,
            hides=HIDES,
            about=last(group),
            project=project_of(group) or self._project,
            zone=part_of(group, "zones"),
            network_endpoint_group=last(group),
        )
        for each in found:
            one = cast("Item", each.get("networkEndpoint") or {})
            if not one.get("instance"):
                continue  # an address outside the network
            place = f"{part_of(group, 'zones')}/{last(str(one['instance']))}"
            own = service or ServiceSet.parse(f"tcp/{one['port']}" if one.get("port") else "tcp")
            yield BackendTarget(place, read_addresses(str(one.get("ipAddress") or "")), own)


def _links(value: object) -> Iterator[str]:
    """Yield the links to backend services and maps in an answer, wherever they stand."""
    if isinstance(value, str):
        if "/backendServices/" in value or "/urlMaps/" in value:
            yield value
    elif isinstance(value, dict):
        for key, part in cast("Item", value).items():
            if key != "selfLink":
                yield from _links(part)
    elif isinstance(value, list):
        for part in cast("list[object]", value):
            yield from _links(part)

"""Read the ways in to a made-up subscription, from memory. All its machines are hosts of the cluster."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from functools import partial
from typing import Any, Final

from azure_fixtures import CLUSTERS, Subscription
from azure_ids import Item, ResourceId
from cloudguard.model.cluster import Host, Pool, Role
from cloudguard.model.load_balancers import Balancer
from cloudguard.model.network import Interface
from cloudguard.model.source import FactKind, Reason, Source
from cloudguard.packet_sets.addresses import AddressSet
from cloudguard.packet_sets.services import ServiceSet
from cloudguard.provider.answers import Answer
from cloudguard_azure.access import calls
from cloudguard_azure.access.api import Api
from cloudguard_azure.access.ids import canonical, parent
from cloudguard_azure.cluster.inventory import read_interfaces
from cloudguard_azure.network.subnets import virtual_networks
from cloudguard_azure.network.ways_in.ways import Ways, WaysRequest, read_ways

API: Final = "20.50.0.7"
OTHERS: Final = "others"
"""The resource group of machines that are not hosts of the cluster."""
_SOURCE: Final = Source("test:Made")
_MACHINES: Final = ("microsoft.compute/virtualmachines", "microsoft.compute/virtualmachinescalesets/virtualmachines")
_INTERFACES: Final = (
    "microsoft.network/networkinterfaces",
    "microsoft.compute/virtualmachinescalesets/virtualmachines/networkinterfaces",
)


class Served(Api):
    """A reader without the SDK that answers each call with the account's resources of its type."""

    def __init__(self, account: Subscription, refused: Iterable[calls.Call] = ()) -> None:
        super(Api, self).__init__()
        self.subscription = account.subscription
        self.made: list[str] = []
        self._account, self._refused = account, {*refused}

    def caller_key(self, call: calls.Call) -> Hashable:
        """Return the subscription as the key, because there are no credentials."""
        del call
        return self.subscription

    def fetch(self, call: calls.Call, parameters: Mapping[str, Any]) -> Answer:
        """Return the resources whose ids contain all parameters; an empty answer for a POST."""
        self.made.append(call.name)
        if call in self._refused:
            raise ValueError(call.name)
        words = {"subscription": self.subscription, **parameters}.values()
        wanted = call.name.partition(":")[0].lower().replace("sets/", "sets/virtualmachines/", 1)
        kinds = {call.name.partition(":")[0].lower(), wanted} if not call.action else set[str]()
        listed = self._account.everything().items() if kinds else ()
        return Answer(
            [
                item
                for own, item in listed
                if _kind(own) in kinds and all(f"/{word}/".lower() in f"{own}/" for word in words)
            ]
        )

    @staticmethod
    def errors() -> tuple[type[Exception], ...]:
        """Return the errors that ``fetch`` raises."""
        return (ValueError,)

    @staticmethod
    def reason(error: Exception) -> tuple[Reason, str]:
        """Return that the call was refused."""
        return Reason.DENIED, str(error)


def _kind(own: str) -> str:
    if "/providers/" not in own:
        return ""
    resource_id = ResourceId.of(own)
    return "/".join((resource_id.namespace, *resource_id.types))


def _of_kinds(account: Subscription, *kinds: str) -> list[Item]:
    return [item for own, item in account.everything().items() if _kind(own) in kinds]


def request_of(account: Subscription, api: Api) -> WaysRequest:
    """Return the request for all machines and scale sets that are not in the group ``OTHERS``."""
    interfaces = _of_kinds(account, *_INTERFACES)
    by_machine = dict[str, list[Item]]()
    for interface in interfaces:
        attached = interface["properties"].get("virtualMachine")
        by_machine.setdefault(canonical(attached["id"]) if attached else "", []).append(interface)
    hosts = [_host(item, by_machine) for item in _of_kinds(account, *_MACHINES) if not _is_of_others(item)]
    sets = [
        of_kind
        for of_kind in _of_kinds(account, "microsoft.compute/virtualmachinescalesets")
        if not _is_of_others(of_kind)
    ]
    networks = virtual_networks(api, api.read(calls.LIST_NETWORKS, hides=()))
    used = {interface.subnet for host in hosts for interface in host.interfaces}
    own = frozenset(name for name in networks if any(parent(subnet) == name for subnet in used)) or frozenset(networks)
    guards = partial(_guards, networks)
    return WaysRequest(
        hosts=hosts,
        pools=[_pool(item) for item in sets],
        interfaces=interfaces,
        scale_sets=sets,
        public=read_interfaces(api, ()).public,
        networks=networks,
        own_networks=own,
        guards=guards,
        aks=next(iter(_of_kinds(account, CLUSTERS.lower())), None),
    )


def _guards(networks: Mapping[str, Any], subnet: str) -> tuple[str, ...]:
    found = {subnet.id: subnet for network in networks.values() for subnet in network.subnets}
    return tuple(filter(None, (found[subnet].group,)))


def _is_of_others(item: Item) -> bool:
    return f"/resourcegroups/{OTHERS}/" in str(item["id"]).lower()


def _host(item: Item, by_machine: Mapping[str, list[Item]]) -> Host:
    own = canonical(item["id"])
    interfaces = tuple(map(_interface, by_machine.get(own, ())))
    pool = own.rpartition("/virtualmachines/")[0] if "scalesets" in own else ""
    return Host(own, str(item["name"]), (Role.NODE,), (), interfaces, _SOURCE, pool=pool)


def _interface(item: Item) -> Interface:
    listed = [ip_configuration["properties"] for ip_configuration in item["properties"]["ipConfigurations"]]
    addresses = tuple(AddressSet.parse(item["privateIPAddress"]) for item in listed)
    return Interface(canonical(item["id"]), canonical(listed[0]["subnet"]["id"]), addresses, _SOURCE)


def _pool(item: Item) -> Pool:
    profile = item["properties"]["virtualMachineProfile"]["networkProfile"]
    configuration = profile["networkInterfaceConfigurations"][0]["properties"]["ipConfigurations"][0]["properties"]
    own = canonical(item["id"])
    return Pool(own, str(item["name"]), (Role.NODE,), (), (canonical(configuration["subnet"]["id"]),), (), (), _SOURCE)


def ways_into(account: Subscription, refused: Iterable[calls.Call] = ()) -> tuple[Ways, Served]:
    """Return the ways in to the account, and the reader with the gaps."""
    api = Served(account, refused)
    return read_ways(api, request_of(account, api)), api


def targets_of_balancers(ways: Ways) -> set[tuple[str, str, str]]:
    """Return the targets of load balancers: the balancer's name, the host's or pool's name, and the service there."""
    return {
        (balancer.name, target.host.rpartition("/")[2], str(target.service))
        for balancer in ways.balancers
        for listener in balancer.listeners
        for target in listener.targets
    }


def reached(ways: Ways) -> dict[tuple[str, bool], ServiceSet]:
    """Return (host, whether the internet may reach the balancer) → services that load balancers forward to the host."""
    services = dict[tuple[str, bool], ServiceSet]()
    for balancer in ways.balancers:
        for listener in balancer.listeners:
            for target in listener.targets:
                key = (target.host, balancer.internet_facing is not False)
                services[key] = services.get(key, ServiceSet.nothing()) | target.service
    return services


def hidden(api: Api) -> set[FactKind]:
    """Return the kinds of facts that the gaps hide."""
    return {kind for gap in api.gaps for kind in gap.hides}


class Made(Subscription):
    """A network for hosts; by default a host is called "cp-0"."""

    def __init__(self) -> None:
        super().__init__()
        self.vnet = self.network()
        self.nodes = self.subnet(self.vnet)
        self.behind = list[str]()

    def host(self, name: str = "cp-0", address: str = "10.0.0.4", rg: str = "", **rest: object) -> str:
        """Add a machine and return the id of its interface."""
        own = self.machine(name, self.nodes, address, rg=rg, **rest)  # type: ignore[arg-type]
        return own.replace(
            "Microsoft.Compute/virtualMachines/" + name, f"Microsoft.Network/networkInterfaces/{name}-nic"
        )

    def public(self, name: str = "api", **rest: object) -> str:
        """Add a public address."""
        return self.public_address(name, API, **rest)  # type: ignore[arg-type]


def only_balancer(account: Subscription) -> Balancer:
    """Return the only load balancer. Assert that there are no gaps."""
    ways, api = ways_into(account)
    assert api.gaps == ()
    (front,) = ways.balancers
    return front

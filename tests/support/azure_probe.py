"""Who can connect to whom on Azure, read naively off what the Resource Manager shows: nothing of cloudguard is used.

Of a route, only the next hop "None" counts, so more may be open here than is: what is compared is before and after. A
balancer keeps its clients' addresses, and may be a target by each of its rules. Application gateways are not read.
https://learn.microsoft.com/azure/virtual-network/network-security-group-how-it-works,
https://learn.microsoft.com/azure/load-balancer/components
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from aws_probe import ICMP, TCP, UDP, Service
from azure_account import Account
from probe_routes import Route, is_routed
from probes import EXTERNAL_ADDRESSES, FRONT, NEXT_OF, REPLACEMENT_OF, Pair, in_ports, pairs, unused_address, within

Item = Mapping[str, Any]
_PROTOCOLS = {TCP: "tcp", UDP: "udp", ICMP: "icmp", "50": "esp", "51": "ah"}
_PROBES = "168.63.129.16"
"""The address that Azure's balancers ask for health from."""


@dataclass(frozen=True)
class Machine:
    """An interface, or one that would be made: an address, its subnet, application groups and security groups.

    ``behind``: the pools and rules of balancers that send to it, by their ids. ``routes``: those of its subnet.
    """

    name: str
    address: str
    subnet: str
    inside: frozenset[str]
    groups: frozenset[str] = frozenset()
    guards: tuple[str, ...] = ()
    behind: frozenset[str] = frozenset()
    routes: tuple[Route, ...] = ()


class Reading:
    """The interfaces of a subscription, and the security groups that guard them and their subnets."""

    def __init__(self, account: Account) -> None:
        self._items = account.everything()
        self._tags = {
            value["name"]: value["properties"]["addressPrefixes"]
            for body in account.answers.values()
            for value in body.get("values", ())
            if "addressPrefixes" in value.get("properties", {})
        }
        machines = [*self._interfaces()]
        self.machines = {machine.name: machine for machine in (*machines, *self._again(machines), *self._next())}

    def open_pairs(self) -> set[Pair]:
        """Return every sender, target and service that get through. The front of a balancer is a target, too."""
        return {*pairs(self.machines, self._passes), *self._through_balancers()}

    def _through_balancers(self) -> Iterator[Pair]:
        """Yield what gets through the rules of a balancer to one of the machines behind it."""
        for own, item in self._items.items():
            held: Item = item.get("properties", {})
            for rule in (*held.get("loadBalancingRules", ()), *held.get("inboundNatRules", ())):
                if own.split("/")[-2:-1] == ["loadbalancers"]:
                    yield from self._by_rule(held, rule)

    def _by_rule(self, balancer: Item, rule: Item) -> Iterator[Pair]:
        held: Item = rule["properties"]
        pools: list[Item] = [*held.get("backendAddressPools", ()), *filter(None, [held.get("backendAddressPool")])]
        ids = {str(rule["id"]).lower(), *(str(pool.get("id", "")).lower() for pool in pools)} - {""}
        listed = [
            one["properties"].get("ipAddress")
            for pool in balancer["backendAddressPools"]
            if pool["id"].lower() in ids
            for one in pool["properties"].get("loadBalancerBackendAddresses", ())
        ]
        behind = [
            machine
            for machine in self.machines.values()
            if machine.address in listed or not ids.isdisjoint(machine.behind)
        ]
        at = self._front(balancer, held) if held.get("enableFloatingIP") else ""
        protocol = {"tcp": TCP, "udp": UDP}.get(str(held["protocol"]).lower(), TCP)
        port, own = held.get("frontendPort") or held.get("frontendPortRangeStart", 0), held.get("backendPort", 0)
        for sender in (*self.machines, *EXTERNAL_ADDRESSES):
            for machine in behind:
                target = replace(machine, address=at or machine.address)
                if sender != machine.name and self._reaches(sender, target, (protocol, own)):
                    yield sender, f"{FRONT}{rule['id']}", (protocol, port)

    def _front(self, balancer: Item, rule: Item) -> str:
        """Return the address of a rule's front, which packets to floating addresses keep; "" if it is unknown."""
        wanted = str(rule["frontendIPConfiguration"]["id"]).lower()
        fronts = {
            frontend_ip_configuration["id"].lower(): frontend_ip_configuration["properties"]
            for frontend_ip_configuration in balancer["frontendIPConfigurations"]
        }
        front: Item = fronts[wanted]
        shown = str(front.get("publicIPAddress", {}).get("id", "")).lower()
        public: Item = self._items.get(shown, {}).get("properties", {})
        return str(public.get("ipAddress") or front.get("privateIPAddress") or "")

    def _interfaces(self) -> Iterator[Machine]:
        for own, item in self._items.items():
            held: Item = item.get("properties", {})
            if own.split("/")[-2:-1] == ["networkinterfaces"]:
                whose = str(held.get("virtualMachine", {}).get("id", "")) or own
                for ip_configuration in held.get("ipConfigurations", ()):
                    address = ip_configuration["properties"].get("privateIPAddress")
                    if address and "." in address:
                        yield from self._machine(whose.lower(), address, held, ip_configuration["properties"])

    def _machine(self, name: str, address: str, nic: Item, configuration: Item) -> Iterator[Machine]:
        subnet = str(configuration.get("subnet", {}).get("id", "")).lower()
        if subnet not in self._items:
            return
        network: Item = self._items[subnet.partition("/subnets/")[0]]["properties"]
        inside = [*network["addressSpace"]["addressPrefixes"]]
        for peering in network.get("virtualNetworkPeerings", ()):
            inside += peering["properties"].get("remoteAddressSpace", {}).get("addressPrefixes", ())
        groups = frozenset(
            application_security_group["id"].lower()
            for application_security_group in configuration.get("applicationSecurityGroups", ())
        )
        guards = tuple(_guard(property_) for property_ in (self._items[subnet]["properties"], nic))
        sends = [
            item["id"].lower()
            for key in ("loadBalancerBackendAddressPools", "loadBalancerInboundNatRules")
            for item in configuration.get(key, ())
        ]
        address = address or unused_address(self._cidr(subnet))
        routes = (*((cidr, 1, True) for cidr in ("0.0.0.0/0", *inside)), *self._routes(subnet))
        yield Machine(name, address, subnet, frozenset(inside), groups, guards, frozenset(sends), routes)

    def _routes(self, subnet: str) -> Iterator[Route]:
        """Yield the user's routes of a subnet. They come before the system's, which lead to every address."""
        table: Item = self._items[subnet]["properties"].get("routeTable") or dict[str, Any]()
        held: Item = self._items.get(str(table.get("id", "")).lower(), {})
        for route in held.get("properties", {}).get("routes", ()):
            if route["properties"]["addressPrefix"][0].isdigit():  # the others are service tags
                yield route["properties"]["addressPrefix"], 0, route["properties"]["nextHopType"] != "None"

    def _cidr(self, subnet: str) -> str:
        held: Item = self._items[subnet]["properties"]
        return str(held.get("addressPrefix") or held["addressPrefixes"][0])

    def _again(self, machines: Iterable[Machine]) -> Iterator[Machine]:
        """Yield whoever takes a machine's place: at another address."""
        for machine in machines:
            address = unused_address(self._cidr(machine.subnet))
            yield replace(machine, name=f"{REPLACEMENT_OF}{machine.name}", address=address)

    def _next(self) -> Iterator[Machine]:
        """Yield the next machine of every scale set, as its profile has it."""
        for own, item in self._items.items():
            if own.split("/")[-2:-1] != ["virtualmachinescalesets"]:
                continue
            profile: Item = item["properties"].get("virtualMachineProfile", {}).get("networkProfile", {})
            for nic in profile.get("networkInterfaceConfigurations", ())[:1]:
                held: Item = nic["properties"]
                yield from self._machine(f"{NEXT_OF}{own}", "", held, held["ipConfigurations"][0]["properties"])

    def _passes(self, sender: str, target: str, service: Service) -> bool:
        return self._reaches(sender, self.machines[target], service)

    def _reaches(self, sender: str, other: Machine, service: Service) -> bool:
        machine = self.machines.get(sender)
        source = machine.address if machine else sender
        if machine and not is_routed(machine.routes, other.address):
            return False
        if service[0] == TCP and source != _PROBES and not is_routed(other.routes, source):
            return False
        if not self._lets(other, machine, source, service, "Inbound"):
            return False
        return machine is None or self._lets(machine, other, other.address, service, "Outbound")

    def _lets(self, own: Machine, peer: Machine | None, address: str, service: Service, direction: str) -> bool:
        return all(not guard or self._permits(guard, own, peer, address, service, direction) for guard in own.guards)

    def _permits(
        self, guard: str, own: Machine, peer: Machine | None, address: str, service: Service, direction: str
    ) -> bool:
        group: Item = self._items[guard]["properties"] if guard in self._items else {}
        rules = [item["properties"] for key in ("securityRules", "defaultSecurityRules") for item in group.get(key, ())]
        ends = [("source", peer, address), ("destination", own, own.address)]
        if direction == "Outbound":
            ends = [("source", own, own.address), ("destination", peer, address)]
        for rule in sorted(rules, key=lambda rule: rule["priority"]):
            about = rule["direction"].lower() == direction.lower() and _has(rule, service)
            if about and all(self._names(rule, side, who, where, own) for side, who, where in ends):
                return str(rule["access"]).lower() == "allow"
        return False

    def _names(self, rule: Item, side: str, who: Machine | None, address: str, own: Machine) -> bool:
        groups = {item["id"].lower() for item in rule.get(f"{side}ApplicationSecurityGroups", ())}
        if groups:
            return who is not None and not who.groups.isdisjoint(groups)
        prefixes = [rule.get(f"{side}AddressPrefix"), *rule.get(f"{side}AddressPrefixes", ())]
        return any(self._has_address(prefix, address, own) for prefix in prefixes if prefix)

    def _has_address(self, prefix: str, address: str, own: Machine) -> bool:
        inside = any(within(address, cidr) for cidr in own.inside)
        known = {"*": True, "virtualnetwork": inside, "internet": not inside and address != _PROBES}
        if prefix.lower() in known:
            return known[prefix.lower()]
        if prefix[0].isdigit() or ":" in prefix:
            return within(address, prefix)
        return any(within(address, cidr) for cidr in self._tags.get(prefix, ()))


def _guard(item: Item) -> str:
    group: Item = item.get("networkSecurityGroup") or dict[str, Any]()
    return str(group.get("id", "")).lower()


def _has(rule: Item, service: Service) -> bool:
    number, port = service
    protocol = str(rule["protocol"]).lower()
    if protocol not in {"*", _PROTOCOLS.get(number, number)}:
        return False
    ports = [rule.get("destinationPortRange"), *rule.get("destinationPortRanges", ())]
    listed = [port for port in ports if port]
    return in_ports(listed, port) if number in {TCP, UDP} else protocol != "*" or "*" in listed or not listed

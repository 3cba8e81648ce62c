"""Who can connect to whom on Google Cloud, read naively off what Compute lists: nothing of cloudguard is used.

Of a route, only its prefix, priority and tags count, and not who is there, so more may be open here than is: what is
compared is before and after. A passthrough balancer keeps its clients' addresses, sends to its own address, and is a
target, too. The addresses of proxies are senders.
https://cloud.google.com/firewall/docs/firewall-policies-overview#rule-evaluation
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from aws_probe import NUMBERS, SERVICES, TCP, UDP, Service
from gcp_project import Project
from probe_routes import is_routed
from probes import EXTERNAL_ADDRESSES, FRONT, NEXT_OF, REPLACEMENT_OF, Pair, in_ports, pairs, unused_address, within

Item = Mapping[str, Any]
_GOES_ON = "goto_next"
_PROBES = frozenset({"35.191.0.9"})
"""Addresses of health checks. Their way back is no route of the network
(https://cloud.google.com/vpc/docs/routes#special_return_paths)."""
_READ = {"srcIpRanges", "destIpRanges", "layer4Configs"}
"""Parts of a match that are read; a rule with another one is taken for one that matches nothing."""


@dataclass(frozen=True)
class Machine:
    """A machine, or one that would be made: an address, its network, tags and service accounts."""

    name: str
    address: str
    network: str
    tags: frozenset[str] = frozenset()
    accounts: frozenset[str] = frozenset()


class Reading:
    """The machines of some projects, and the firewalls of their networks."""

    def __init__(self, projects: Iterable[Project]) -> None:
        self._projects = [*projects]
        self._ranges = {_path(item["selfLink"]): item["ipCidrRange"] for item in self._listed("subnetworks")}
        machines = [*self._machines()]
        self.machines = {machine.name: machine for machine in (*machines, *self._again(machines), *self._next())}
        self._routes: dict[str, list[Item]] = {}
        for item in self._listed("routes"):
            self._routes.setdefault(_path(item["network"]), []).append(item)
        self._peered = {_path(item["selfLink"]) for item in self._listed("networks") if item.get("peerings")}
        self._firewalls: dict[str, list[Item]] = {}
        for item in self._listed("firewalls"):
            if not item.get("disabled"):
                self._firewalls.setdefault(_path(item["network"]), []).append(item)

    def open_pairs(self) -> set[Pair]:
        """Return every sender, target and service that get through. The front of a balancer is a target, too."""
        return {*pairs(self.machines, self._passes), *self._through_balancers()}

    def _through_balancers(self) -> Iterator[Pair]:
        """Yield what gets through a passthrough balancer to one of the machines behind it."""
        for rule in self._listed("forwardingRules"):
            names = {one.rpartition("/")[2] for one in self._behind(rule)}
            behind = [
                replace(machine, address=rule["IPAddress"])
                for machine in self.machines.values()
                if machine.name in names
            ]
            ports = [*rule.get("ports", ()), *filter(None, [rule.get("portRange")])]
            asked = [
                (protocol, port)
                for protocol, port in SERVICES
                if protocol in {TCP, UDP} and (rule.get("allPorts") or (ports and in_ports(ports, port)))
            ]
            for sender in (*self.machines, *EXTERNAL_ADDRESSES):
                others = [machine for machine in behind if machine.name != sender]
                for service in asked:
                    if any(self._reaches(sender, other, service) for other in others):
                        yield sender, f"{FRONT}{rule['name']}", service

    def _behind(self, rule: Item) -> Iterator[str]:
        """Yield the links of the instances that a forwarding rule sends packets to as they are."""
        for pool in self._listed("targetPools"):
            yield from pool.get("instances", ()) if pool["selfLink"] == rule.get("target") else ()
        for service in self._listed("backendServices"):
            if service["selfLink"] == rule.get("backendService") and "MANAGED" not in rule["loadBalancingScheme"]:
                for group in (backend["group"] for backend in service.get("backends", ())):
                    yield from self._members(_path(group))

    def _members(self, group: str) -> Iterator[str]:
        for project in self._projects:
            for item in project.answers.get(f"{group}/listInstances", {}).get("items", ()):
                yield item["instance"]

    def _listed(self, kind: str) -> Iterator[Item]:
        for project in self._projects:
            for path, items in project.lists.items():
                if path.endswith(f"/{kind}"):
                    yield from items

    def _machines(self) -> Iterator[Machine]:
        for item in self._listed("instances"):
            for nic in item.get("networkInterfaces", ()):
                if nic.get("networkIP"):
                    yield self._machine(item["name"], nic["networkIP"], nic, item)

    def _machine(self, name: str, address: str, nic: Item, of: Item) -> Machine:
        accounts = frozenset(service_account["email"] for service_account in of.get("serviceAccounts", ()))
        tagged: Item = of.get("tags") or dict[str, Any]()
        tags = frozenset[str](tagged.get("items", ()))
        return Machine(name, address, _path(nic["network"]), tags, accounts)

    def _again(self, machines: Iterable[Machine]) -> Iterator[Machine]:
        """Yield whoever takes a machine's place: at another address."""
        for machine in machines:
            cidr = next((cidr for cidr in self._ranges.values() if within(machine.address, cidr)), "")
            if cidr:
                yield Machine(
                    f"{REPLACEMENT_OF}{machine.name}",
                    unused_address(cidr),
                    machine.network,
                    machine.tags,
                    machine.accounts,
                )

    def _next(self) -> Iterator[Machine]:
        """Yield the next machine of every managed group, as its template has it."""
        templates = {_path(item["selfLink"]): item["properties"] for item in self._listed("instanceTemplates")}
        for group in self._listed("instanceGroupManagers"):
            made = templates.get(_path(group.get("instanceTemplate", "")))
            for nic in made["networkInterfaces"][:1] if made else ():
                cidr = self._ranges.get(_path(nic.get("subnetwork", "")))
                if made and cidr:
                    yield self._machine(f"{NEXT_OF}{group['name']}", unused_address(cidr), nic, made)

    def _passes(self, sender: str, target: str, service: Service) -> bool:
        return self._reaches(sender, self.machines[target], service)

    def _is_routed(self, own: Machine, address: str) -> bool:
        """Whether a machine's packets to an address go anywhere. A peering, and Google's own ranges, need no route."""
        inside = any(within(address, cidr) for cidr in self._ranges.values())
        if inside or address in _PROBES or own.network in self._peered:
            return True
        routes = (
            (item["destRange"], item["priority"], True)
            for item in self._routes.get(own.network, ())
            if not item.get("tags") or not own.tags.isdisjoint(item["tags"])
        )
        return is_routed(tuple(routes), address)

    def _reaches(self, sender: str, other: Machine, service: Service) -> bool:
        machine = self.machines.get(sender)
        if machine and not self._is_routed(machine, other.address):
            return False
        if service[0] == TCP and not self._is_routed(other, machine.address if machine else sender):
            return False
        if not self._lets(other, machine, machine.address if machine else sender, service, "INGRESS"):
            return False
        return machine is None or self._lets(machine, other, other.address, service, "EGRESS")

    def _lets(self, own: Machine, peer: Machine | None, address: str, service: Service, direction: str) -> bool:
        """Whether the rules about a machine let a peer in, or let it out to one."""
        first, last = self._policies(own.network)
        for rules in (*first, None, *last):
            if rules is None:
                found = self._by_firewalls(own, peer, address, service, direction)
            else:
                matching = (rule for rule in rules if _policy_matches(rule, own, address, service, direction))
                found = next((str(item["action"]) for item in matching), _GOES_ON)
            if found != _GOES_ON:
                return found == "allow"
        return direction == "EGRESS"

    def _policies(self, network: str) -> tuple[list[list[Item]], list[list[Item]]]:
        """Return the rules of the policies before a network's own firewalls, and of those after them."""
        first, last = list[list[Item]](), list[list[Item]]()
        seen = set[str]()
        for project in self._projects:
            for path, body in project.answers.items():
                if not path.endswith("getEffectiveFirewalls") or (network not in path and "/regions/" not in path):
                    continue
                for firewall_policy in body.get("firewallPolicys", ()):
                    if str(firewall_policy.get("name")) + str(firewall_policy["type"]) not in seen:
                        seen.add(str(firewall_policy.get("name")) + str(firewall_policy["type"]))
                        rules = sorted(firewall_policy.get("rules", ()), key=lambda rule: rule["priority"])
                        (first if firewall_policy["type"] in {"HIERARCHY", "SYSTEM"} else last).append(rules)
        return first, last

    def _by_firewalls(self, own: Machine, peer: Machine | None, address: str, service: Service, direction: str) -> str:
        found = [
            (item["priority"], bool(item.get("allowed")))
            for item in self._firewalls.get(own.network, ())
            if item["direction"] == direction and _is_about(item, own) and _names(item, peer, address, direction)
            for each in item.get("allowed") or item.get("denied") or ()
            if _has(each.get("IPProtocol", ""), each.get("ports", ()), service)
        ]
        return _GOES_ON if not found else "allow" if min(found)[1] else "deny"


def _path(link: str) -> str:
    return link.partition("/v1/")[2] or link


def _is_about(firewall: Item, own: Machine) -> bool:
    """Whether a firewall is about a machine. An ingress rule may be about packets to some addresses only."""
    ranges = firewall.get("destinationRanges") if firewall["direction"] == "INGRESS" else None
    if ranges and not any(within(own.address, cidr) for cidr in ranges):
        return False
    tags, accounts = firewall.get("targetTags"), firewall.get("targetServiceAccounts")
    if not tags and not accounts:
        return True
    return not own.tags.isdisjoint(tags or ()) or not own.accounts.isdisjoint(accounts or ())


def _names(firewall: Item, peer: Machine | None, address: str, direction: str) -> bool:
    if direction == "EGRESS":
        return any(within(address, cidr) for cidr in firewall.get("destinationRanges") or ["0.0.0.0/0", "::/0"])
    tags, accounts, ranges = (
        firewall.get(key) or () for key in ("sourceTags", "sourceServiceAccounts", "sourceRanges")
    )
    if peer and (not peer.tags.isdisjoint(tags) or not peer.accounts.isdisjoint(accounts)):
        return True
    return any(within(address, cidr) for cidr in ranges) or not (tags or accounts or ranges)


def _policy_matches(rule: Item, own: Machine, address: str, service: Service, direction: str) -> bool:
    match: Item = rule["match"]
    if rule.get("disabled") or rule["direction"] != direction or any(match[key] for key in match.keys() - _READ):
        return False
    if rule.get("targetServiceAccounts") and own.accounts.isdisjoint(rule["targetServiceAccounts"]):
        return False
    far, near = ("srcIpRanges", "destIpRanges") if direction == "INGRESS" else ("destIpRanges", "srcIpRanges")
    ends = ((match.get(far), address), (match.get(near), own.address))
    if any(ranges and not any(within(one, cidr) for cidr in ranges) for ranges, one in ends):
        return False
    return any(
        _has(layer4_config["ipProtocol"], layer4_config.get("ports", ()), service)
        for layer4_config in match["layer4Configs"]
    )


def _has(protocol: str, ports: Iterable[str], service: Service) -> bool:
    if protocol == "all":
        return True
    number, port = service
    return NUMBERS.get(protocol, protocol) == number and (number not in {TCP, UDP} or in_ports(ports, port))

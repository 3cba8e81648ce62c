"""A simple, independent probe of who can connect to whom in EC2. It uses no code of cloudguard.

It tests every combination of sender, target and service. Of a route it asks only whether the next hop takes the
packets, and not who is there, so it may report more open connections than there are; tests compare the results before
and after a change. The names in the results do not change with a plan, so that two results can be compared.
"""

from __future__ import annotations

import json
from collections.abc import Container, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from ipaddress import ip_address, ip_network
from typing import Any

from probe_routes import Route, is_routed

TCP, UDP, ICMP, EVERY = "6", "17", "1", "-1"
NUMBERS = {"tcp": TCP, "udp": UDP, "icmp": ICMP, "icmpv6": "58"}
PORTS = (22, 53, 80, 179, 443, 2222, 2379, 2380, 2381, 4001, 6443, 8080, 8443, 9000, 9100, 10250, 10256, 30000, 31443)
SERVICES = (*((TCP, port) for port in PORTS), (UDP, 53), (UDP, 8472), (UDP, 30000), (ICMP, 8), ("4", 0), ("50", 0))
Service = tuple[str, int]
OUTSIDE = ("203.0.113.77", "8.8.8.8", "198.51.100.7", "192.0.2.9", "10.250.0.9", "172.16.5.5", "192.168.3.3")
OUTSIDE6 = ("2001:db8:ffff::9", "2a00:1450::9")


@dataclass(frozen=True)
class Place:
    """An existing or future interface, or an outside sender: name, addresses, groups, subnet ("": outside).

    ``served``: a load balancer sends to it, and takes its answers.
    """

    name: str
    addresses: tuple[str, ...]
    groups: tuple[str, ...] = ()
    subnet: str = ""
    served: bool = False


@dataclass
class Reading:
    """The facts that EC2 and the load balancers describe."""

    rules: Mapping[str, list[dict[str, Any]]]
    lists: Mapping[str, list[str]]
    acls: Mapping[str, list[dict[str, Any]]]
    hosts: list[Place]
    balancers: list[Place]
    next_hosts: list[Place]
    routes: Mapping[str, tuple[Route, ...]]
    _open: dict[object, bool] = field(default_factory=dict[object, bool])

    @cached_property
    def inside(self) -> list[Place]:
        """All places that are in a subnet."""
        return [*self.hosts, *self.balancers, *self.next_hosts]

    def open_pairs(self) -> set[tuple[str, str, Service]]:
        """Return each (sender, target, service) that is allowed."""
        outside = [Place(f"outside {one}", (one,)) for one in (*OUTSIDE, *OUTSIDE6)]
        return {
            (sender.name, target.name, service)
            for sender in (*self.inside, *outside)
            for target in self.inside
            if sender.name != target.name
            for service in SERVICES
            if self._passes(sender, target, service)
        }

    def _passes(self, sender: Place, target: Place, service: Service) -> bool:
        return any(
            self._guards(sender, source, target, address, service)
            for source in sender.addresses
            for address in target.addresses
            if (":" in source) == (":" in address)
        )

    def _is_routed(self, sender: Place, source: str, target: Place, where: str, service: Service) -> bool:
        """Whether the packets find a way, and the answers of a TCP connection."""
        if sender.subnet and not is_routed(self.routes[sender.subnet], where):
            return False
        return service[0] != TCP or target.served or is_routed(self.routes[target.subnet], source)

    def _guards(self, sender: Place, source: str, target: Place, where: str, service: Service) -> bool:
        if not self._is_routed(sender, source, target, where, service):
            return False
        if sender.subnet and sender.groups and not self._in_groups(sender, target, where, service, egress=True):
            return False
        if target.groups and not self._in_groups(target, sender, source, service, egress=False):
            return False
        if sender.subnet == target.subnet:
            return True
        leaves = not sender.subnet or self._in_acl(sender.subnet, where, service, egress=True)
        return leaves and self._in_acl(target.subnet, source, service, egress=False)

    def _in_groups(self, place: Place, peer: Place, address: str, service: Service, *, egress: bool) -> bool:
        key = (place.groups, peer.groups, address, service, egress)
        if key not in self._open:
            rules = (rule for group in place.groups for rule in self.rules.get(group, []) if rule["IsEgress"] is egress)
            self._open[key] = any(_has(rule, service) and self._names(rule, peer, address) for rule in rules)
        return self._open[key]

    def _names(self, rule: Mapping[str, Any], peer: Place, address: str) -> bool:
        if rule.get("ReferencedGroupInfo"):
            return rule["ReferencedGroupInfo"]["GroupId"] in peer.groups
        listed = self.lists.get(rule.get("PrefixListId", ""), [])
        return any(_within(address, cidr) for cidr in (rule.get("CidrIpv4"), rule.get("CidrIpv6"), *listed) if cidr)

    def _in_acl(self, subnet: str, address: str, service: Service, *, egress: bool) -> bool:
        entries = sorted(
            (item for item in self.acls.get(subnet, []) if item["Egress"] is egress),
            key=lambda item: item["RuleNumber"],
        )
        for entry in entries:
            if _within(address, entry.get("CidrBlock") or entry["Ipv6CidrBlock"]) and _has_entry(entry, service):
                return bool(entry["RuleAction"] == "allow")
        return False


def _within(address: str, cidr: str) -> bool:
    own_address, range_ = ip_address(address), ip_network(cidr, strict=False)
    return own_address.version == range_.version and own_address in range_


def _has(rule: Mapping[str, Any], service: Service) -> bool:
    number = NUMBERS.get(rule["IpProtocol"], rule["IpProtocol"])
    return number == EVERY or (number == service[0] and _spans(rule.get("FromPort"), rule.get("ToPort"), service))


def _spans(first: int | None, last: int | None, service: Service) -> bool:
    protocol, point = service
    if protocol not in {TCP, UDP, ICMP} or first is None or first == -1:
        return True
    return first == point if protocol == ICMP else first <= point <= (point if last is None else last)


def _has_entry(entry: Mapping[str, Any], service: Service) -> bool:
    ports, icmp = entry.get("PortRange", {}), entry.get("IcmpTypeCode", {})
    if entry["Protocol"] == EVERY:
        return True
    first, last = (icmp.get("Type"), icmp.get("Code")) if icmp else (ports.get("From"), ports.get("To"))
    return entry["Protocol"] == service[0] and _spans(first, last, service)


def read(session: Any) -> Reading:  # noqa: ANN401 - boto3's clients have no types here
    """Read the account."""
    ec2 = session.client("ec2")
    rules: dict[str, list[dict[str, Any]]] = {}
    for item in _all(ec2, "describe_security_group_rules", "SecurityGroupRules"):
        rules.setdefault(item["GroupId"], []).append(item)
    names = [prefix_list["PrefixListId"] for prefix_list in ec2.describe_managed_prefix_lists()["PrefixLists"]]
    lists = {
        name: [entry["Cidr"] for entry in ec2.get_managed_prefix_list_entries(PrefixListId=name)["Entries"]]
        for name in names
        if not name.startswith("pl-6")
    }
    acls = {
        link["SubnetId"]: acl["Entries"]
        for acl in _all(ec2, "describe_network_acls", "NetworkAcls")
        for link in acl["Associations"]
    }
    subnets = {item["SubnetId"]: item for item in _all(ec2, "describe_subnets", "Subnets")}
    served = {*_served(session)}
    hosts = [_interface(item, served) for item in _all(ec2, "describe_network_interfaces", "NetworkInterfaces")]
    replaced = [_again(host, subnets) for host in hosts]
    next_hosts = [*replaced, *_of_pools(session, subnets)]
    return Reading(rules, lists, acls, hosts, [*_balancers(session, subnets)], next_hosts, _routes(ec2, subnets, lists))


def _routes(
    ec2: Any,  # noqa: ANN401 - as above
    subnets: Mapping[str, Mapping[str, Any]],
    lists: Mapping[str, list[str]],
) -> dict[str, tuple[Route, ...]]:
    """Return the routes of each subnet. The network's own ranges are local, whatever a table says."""
    tables, vpcs = _all(ec2, "describe_route_tables", "RouteTables"), _all(ec2, "describe_vpcs", "Vpcs")
    of_subnet = {link.get("SubnetId"): table for table in tables for link in table["Associations"]}
    main = {table["VpcId"]: table for table in tables for link in table["Associations"] if link.get("Main")}
    local = {vpc["VpcId"]: [vpc["CidrBlock"]] for vpc in vpcs}
    for vpc in vpcs:
        local[vpc["VpcId"]] += [each["Ipv6CidrBlock"] for each in vpc.get("Ipv6CidrBlockAssociationSet", ())]
    found = dict[str, tuple[Route, ...]]()
    for name, subnet in subnets.items():
        made: list[Route] = [(cidr, 0, True) for cidr in local[subnet["VpcId"]]]
        for route in of_subnet.get(name, main[subnet["VpcId"]])["Routes"]:
            ranges = [route.get("DestinationCidrBlock"), route.get("DestinationIpv6CidrBlock")]
            ranges += lists.get(route.get("DestinationPrefixListId", ""), [])
            made += [(cidr, 1, route.get("State") != "blackhole") for cidr in ranges if cidr]
        found[name] = tuple(made)
    return found


def _served(session: Any) -> Iterator[str]:  # noqa: ANN401 - as above
    """Yield the instances, addresses and target groups that load balancers send to."""
    balancing = session.client("elbv2")
    for group in balancing.describe_target_groups()["TargetGroups"]:
        yield group["TargetGroupArn"]
        healths = balancing.describe_target_health(TargetGroupArn=group["TargetGroupArn"])["TargetHealthDescriptions"]
        yield from (health["Target"]["Id"] for health in healths)
    for balancer in session.client("elb").describe_load_balancers()["LoadBalancerDescriptions"]:
        yield from (instance["InstanceId"] for instance in balancer["Instances"])


def _all(client: Any, operation: str, key: str) -> list[dict[str, Any]]:  # noqa: ANN401 - as above
    return [item for page in client.get_paginator(operation).paginate() for item in page[key]]


def _interface(item: Mapping[str, Any], served: Container[str]) -> Place:
    addresses = [private_ip_address["PrivateIpAddress"] for private_ip_address in item["PrivateIpAddresses"]]
    addresses += [address["Ipv6Address"] for address in item.get("Ipv6Addresses", [])]
    groups = tuple(sorted(group["GroupId"] for group in item["Groups"]))
    behind = any(address in served for address in (*addresses, item.get("Attachment", {}).get("InstanceId", "")))
    return Place(item["NetworkInterfaceId"], tuple(addresses), groups, item["SubnetId"], behind)


def _again(place: Place, subnets: Mapping[str, Any]) -> Place:
    """Return the host that would replace an interface: in the same groups, with an unused address."""
    return replace(place, name=f"replaces {place.name}", addresses=(_fresh(subnets[place.subnet]),))


def _fresh(subnet: Mapping[str, Any]) -> str:
    ipv6 = [entry["Ipv6CidrBlock"] for entry in subnet.get("Ipv6CidrBlockAssociationSet", [])]
    return str(ip_network(subnet.get("CidrBlock") or ipv6[0])[-3])


def _of_pools(session: Any, subnets: Mapping[str, Any]) -> Iterator[Place]:  # noqa: ANN401 - as above
    """Yield the next host of every scaling group, as its current launch template defines it."""
    ec2, scaling = session.client("ec2"), session.client("autoscaling")
    for pool in scaling.describe_auto_scaling_groups()["AutoScalingGroups"]:
        mixed = pool.get("MixedInstancesPolicy", {}).get("LaunchTemplate", {}).get("LaunchTemplateSpecification")
        named = pool.get("LaunchTemplate") or mixed
        if not named:
            continue
        listed = ec2.describe_launch_template_versions(
            LaunchTemplateId=named["LaunchTemplateId"], Versions=[str(named.get("Version") or "$Default")]
        )
        data = listed["LaunchTemplateVersions"][0]["LaunchTemplateData"]
        nics: list[dict[str, Any]] = data.get("NetworkInterfaces", [])
        listed_groups: list[str] = (nics[0].get("Groups") if nics else None) or data.get("SecurityGroupIds", [])
        groups = tuple(sorted(listed_groups))
        for subnet in filter(None, pool.get("VPCZoneIdentifier", "").split(",")):
            name, address = f"next of {pool['AutoScalingGroupName']} {subnet}", _fresh(subnets[subnet])
            behind = bool(pool.get("TargetGroupARNs") or pool.get("LoadBalancerNames"))
            yield Place(name, (address,), groups, subnet, behind)


def _balancers(session: Any, subnets: Mapping[str, Any]) -> Iterator[Place]:  # noqa: ANN401 - as above
    for balancer in session.client("elbv2").describe_load_balancers()["LoadBalancers"]:
        for zone in balancer["AvailabilityZones"]:
            groups = tuple(sorted(balancer.get("SecurityGroups") or ()))
            yield _balancer(balancer["LoadBalancerName"], subnets, zone["SubnetId"], groups)
    for balancer in session.client("elb").describe_load_balancers()["LoadBalancerDescriptions"]:
        for subnet in balancer["Subnets"]:
            yield _balancer(balancer["LoadBalancerName"], subnets, subnet, tuple(sorted(balancer["SecurityGroups"])))


def _balancer(name: str, subnets: Mapping[str, Any], subnet: str, groups: tuple[str, ...]) -> Place:
    return Place(f"balancer {name} {subnet}", (_fresh(subnets[subnet]),), groups, subnet)


def named(pairs: Iterable[tuple[str, str, Service]]) -> str:
    """Return the first pairs as text, for a message."""
    return json.dumps(sorted(f"{a} -> {b} {service}" for a, b, service in pairs)[:6])

"""Security groups, network ACLs and prefix lists as filters, groups and address lists."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

from cloudguard.model.filters import Action, AddressList, Direction, Filter, Peer, Rule
from cloudguard.model.source import Source
from cloudguard.packet_sets.addresses import AddressSet
from cloudguard.packet_sets.services import ServiceSet

Item = Mapping[str, Any]
"""A resource as the API answers it."""

SECURITY_GROUP: Final = "security group"
NETWORK_ACL: Final = "network ACL"

_NAMES: Final = {"6": "tcp", "17": "udp", "1": "icmp", "58": "icmpv6"}
_LAST_PORT: Final = 65535
_DEFAULT_ENTRIES: Final = 32767
"""Entries numbered from here on are the closing "deny everything else" of each family (32767 for v4, 32768 for v6):
https://docs.aws.amazon.com/vpc/latest/userguide/nacl-rules.html
"""

_EKS_NOTE: Final = "EKS puts this group's rule for itself back on every update: move nodes to a group of their own"
_CONTROLLER_NOTE: Final = (
    "a controller in the cluster writes this group and would restore it: "
    "set loadBalancerSourceRanges (or the Ingress's inbound CIDRs) instead"
)


def services_text(protocol: str, first: int | None, last: int | None) -> str:
    """Return a rule's protocol and ports, or ICMP type and code, as the text of a service set.

    ``-1`` and absence are "any", for the protocol, the ports, the ICMP type and its code.
    """
    name = _NAMES.get(protocol, protocol)
    if name in {"tcp", "udp"}:
        if first in {None, -1} or (first, last) == (0, _LAST_PORT):
            return name
        return f"{name}/{first}" if last in {first, None} else f"{name}/{first}-{last}"
    if name in {"icmp", "icmpv6"}:
        if first in {None, -1}:
            return name
        return f"{name}/{first}" if last in {None, -1} else f"{name}/{first}/{last}"
    return f"proto/{name}" if name.isdigit() else "all"


def inner(item: Item, key: str) -> Item:
    """Return a part of a resource, empty where the answer leaves it out."""
    part: Item | None = item.get(key)
    return part or {}


def parts(item: Item, key: str) -> Sequence[Item]:
    """Return the parts of a resource, none where the answer leaves them out."""
    found: Sequence[Item] | None = item.get(key)
    return found or ()


def texts(item: Item, key: str) -> Sequence[str]:
    """Return a list of words of a resource, none where the answer leaves it out."""
    found: Sequence[str] | None = item.get(key)
    return found or ()


def tags_of(item: Item) -> dict[str, str]:
    """Return a resource's tags by key."""
    return {tag["Key"]: tag.get("Value", "") for tag in item.get("Tags", ())}


def name_of(item: Item) -> str:
    """Return a resource's Name tag, "" without one."""
    return tags_of(item).get("Name", "")


def security_group(group: Item, listed: Iterable[Item] | None, call: str) -> Filter:
    """Return a security group; ``listed`` are its SecurityGroupRules, None where they could not be listed.

    Then its rules are taken from its IpPermissions, and their ids made up of what they say.
    """
    source = Source(call, group["GroupId"])
    rules = tuple(_listed_rule(rule, call) for rule in listed or ())
    editable, note = _whose(group)
    return Filter(
        id=group["GroupId"],
        name=group.get("GroupName", ""),
        kind=SECURITY_GROUP,
        rules=rules or tuple(_permitted(group, source)),
        source=source,
        editable=editable,
        note=note,
    )


def _whose(group: Item) -> tuple[bool, str]:
    """Return whether a user can usefully edit the group, and what to know about it.

    EKS: https://docs.aws.amazon.com/eks/latest/userguide/sec-group-reqs.html. The cloud controller names its groups
    k8s-elb-…, the load balancer controller tags its own with the Service's or Ingress's stack.
    """
    tags = tags_of(group)
    if "aws:eks:cluster-name" in tags:
        return True, _EKS_NOTE
    by_controller = {"service.k8s.aws/stack", "ingress.k8s.aws/stack", "gateway.k8s.aws/stack"} & tags.keys()
    if by_controller or str(group.get("GroupName", "")).startswith("k8s-elb-"):
        return False, _CONTROLLER_NOTE
    return True, ""


def _listed_rule(rule: Item, call: str) -> Rule:
    return Rule(
        id=rule["SecurityGroupRuleId"],
        direction=Direction.EGRESS if rule.get("IsEgress") else Direction.INGRESS,
        action=Action.PERMIT,
        services=ServiceSet.parse(services_text(str(rule["IpProtocol"]), rule.get("FromPort"), rule.get("ToPort"))),
        peer=_listed_peer(rule),
        source=Source(call, rule["GroupId"]),
        description=rule.get("Description", ""),
    )


def _listed_peer(rule: Item) -> Peer:
    if cidr := rule.get("CidrIpv4") or rule.get("CidrIpv6"):
        return Peer(AddressSet.parse(cidr))
    if prefixes := rule.get("PrefixListId"):
        return Peer(address_list=prefixes)
    return Peer(group=rule["ReferencedGroupInfo"]["GroupId"])


def _permitted(group: Item, source: Source) -> Iterator[Rule]:
    for key, direction in (("IpPermissions", Direction.INGRESS), ("IpPermissionsEgress", Direction.EGRESS)):
        for permission in group.get(key, ()):
            services = services_text(
                str(permission["IpProtocol"]), permission.get("FromPort"), permission.get("ToPort")
            )
            for name, peer, description in _peers(permission):
                yield Rule(
                    id=f"{source.resource}/{direction}/{services}/{name}",
                    direction=direction,
                    action=Action.PERMIT,
                    services=ServiceSet.parse(services),
                    peer=peer,
                    source=source,
                    description=description,
                )


def _peers(permission: Item) -> Iterator[tuple[str, Peer, str]]:
    """Yield the text, the value and the description of each peer."""
    for plural, key in (("IpRanges", "CidrIp"), ("Ipv6Ranges", "CidrIpv6")):
        for one in permission.get(plural, ()):
            yield one[key], Peer(AddressSet.parse(one[key])), one.get("Description", "")
    for one in permission.get("PrefixListIds", ()):
        yield one["PrefixListId"], Peer(address_list=one["PrefixListId"]), one.get("Description", "")
    for one in permission.get("UserIdGroupPairs", ()):
        yield one["GroupId"], Peer(group=one["GroupId"]), one.get("Description", "")


def owners_of_named(groups: Iterable[Item], listed: Iterable[Item]) -> dict[str, str]:
    """Return each group that a rule names, with the account it is said to belong to ("": not said)."""
    pairs = [
        pair for group in groups for key in ("IpPermissions", "IpPermissionsEgress") for pair in _pairs(group, key)
    ]
    pairs += [rule["ReferencedGroupInfo"] for rule in listed if "ReferencedGroupInfo" in rule]
    found: dict[str, str] = {}
    for pair in pairs:
        found[pair["GroupId"]] = found.get(pair["GroupId"], "") or pair.get("UserId", "") or ""
    return found


def _pairs(group: Item, key: str) -> Iterator[Item]:
    for permission in group.get(key, ()):
        yield from permission.get("UserIdGroupPairs", ())


def network_acl(acl: Item, call: str) -> Filter:
    """Return a network ACL: numbered, stateless, closed at the end (moto leaves the closing entries out)."""
    entries = [entry for entry in acl.get("Entries", ()) if 0 < int(entry["RuleNumber"]) < _DEFAULT_ENTRIES]
    return Filter(
        id=acl["NetworkAclId"],
        name=name_of(acl),
        kind=NETWORK_ACL,
        rules=tuple(_entry(acl["NetworkAclId"], entry, call) for entry in entries),
        source=Source(call, acl["NetworkAclId"]),
        ordered=True,
        stateful=False,
    )


def _entry(acl: str, entry: Item, call: str) -> Rule:
    direction = Direction.EGRESS if entry.get("Egress") else Direction.INGRESS
    ports, icmp = inner(entry, "PortRange"), inner(entry, "IcmpTypeCode")
    first, last = (icmp.get("Type"), icmp.get("Code")) if icmp else (ports.get("From"), ports.get("To"))
    return Rule(
        id=f"{acl}/{direction}/{entry['RuleNumber']}",
        direction=direction,
        action=Action.PERMIT if entry["RuleAction"] == "allow" else Action.DENY,
        services=ServiceSet.parse(services_text(str(entry["Protocol"]), first, last)),
        peer=Peer(AddressSet.parse(entry.get("CidrBlock") or entry["Ipv6CidrBlock"])),
        source=Source(call, acl),
        order=int(entry["RuleNumber"]),
    )


def address_list(prefixes: str, name: str, entries: Iterable[Item] | None, source: Source) -> AddressList:
    """Return a prefix list; ``entries`` None: they could not be read."""
    ranges = tuple(AddressSet.parse(entry["Cidr"]) for entry in entries or ())
    return AddressList(prefixes, name, ranges, known=entries is not None, source=source)

"""Security groups and network ACLs as filters with rules."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Final

from cloudguard.model.filters import Action, Direction, Filter, Peer, Rule
from cloudguard.model.source import Source
from cloudguard.packet_sets.addresses import AddressSet
from cloudguard.packet_sets.services import ServiceSet
from cloudguard.provider.answers import AnswerError, Item, child, children, choice, flag, number, required, text
from cloudguard.provider.ownership.facts import Thing
from cloudguard.values import dataclass
from cloudguard_aws.access import calls
from cloudguard_aws.access.owners import OWNERS
from cloudguard_aws.cluster.tags import name_of, tags_of

SECURITY_GROUP: Final = "security group"
NETWORK_ACL: Final = "network ACL"

_NAMES: Final = {"6": "tcp", "17": "udp", "1": "icmp", "58": "icmpv6"}
_ANY: Final = -1
"""Means "any" protocol, port, ICMP type or ICMP code. A missing value means the same."""
_LAST_PORT: Final = 65535
_DEFAULT_ENTRIES: Final = 32767
"""Entries with this number or a higher one are the closing "deny everything else" of each family (32767 for IPv4, 32768
for IPv6): https://docs.aws.amazon.com/vpc/latest/userguide/nacl-rules.html"""
_ACTIONS: Final = {"allow": Action.PERMIT, "deny": Action.DENY}
_DIRECTIONS: Final = (("IpPermissions", Direction.INGRESS), ("IpPermissionsEgress", Direction.EGRESS))
_RESTORED_BY: Final = frozenset({"load-balancer-controller", "service"})
"""Ids of owners that restore all rules of a group that they wrote, so that a person can't edit it."""


def services_text(protocol: str, first: int, last: int) -> str:
    """Return a rule's protocol and ports, or ICMP type and code, as the text of a service set."""
    name = _NAMES.get(protocol, protocol)
    if name in {"tcp", "udp"}:
        if first == _ANY or (first, last) == (0, _LAST_PORT):
            return name
        return f"{name}/{first}" if last in {first, _ANY} else f"{name}/{first}-{last}"
    if name in {"icmp", "icmpv6"}:
        if first == _ANY:
            return name
        return f"{name}/{first}" if last == _ANY else f"{name}/{first}/{last}"
    return f"proto/{name}" if name.isdigit() else "all"


def _uncertain(protocol: str, *, without_ports: bool = False) -> str:
    """Return why it is not known what a rule matches, or "": an unknown protocol, or missing ports."""
    name = _NAMES.get(protocol, protocol)
    if without_ports and name in {"tcp", "udp"}:
        return "its ports are missing"
    known = name in {*_NAMES.values(), "all", "-1"} or name.isdigit()
    return "" if known else f"the protocol {name[:40]!r} is not known"


def _services(item: Item) -> str:
    return services_text(required(item, "IpProtocol"), number(item, "FromPort", _ANY), number(item, "ToPort", _ANY))


@dataclass(frozen=True, slots=True)
class SecurityGroup:
    """A security group, its account, and the rules that DescribeSecurityGroups lists for it.

    ``named``: the groups that its rules name, each with its account ("" if the answer has none). ``tags``: tags of the
    group itself.
    """

    filter: Filter
    account: str
    named: tuple[tuple[str, str], ...]
    tags: Mapping[str, str]


def security_group(item: Item) -> SecurityGroup:
    """Return a security group. Its rules have no ids in this answer, so their ids are made from their contents."""
    name, title = required(item, "GroupId"), text(item, "GroupName")
    source, tags = Source(calls.DESCRIBE_SECURITY_GROUPS.name, name), tags_of(item)
    owner = OWNERS.of(Thing.FILTER, title, tags)
    editable = owner is None or owner.id not in _RESTORED_BY
    permissions = [(direction, permission) for key, direction in _DIRECTIONS for permission in children(item, key)]
    rules = tuple(rule for direction, permission in permissions for rule in _permitted(permission, direction, source))
    pairs = [pair for _, permission in permissions for pair in children(permission, "UserIdGroupPairs")]
    return SecurityGroup(
        Filter(name, title, SECURITY_GROUP, rules, source, editable=editable, written_by=owner),
        text(item, "OwnerId"),
        tuple((required(pair, "GroupId"), text(pair, "UserId")) for pair in pairs),
        tags,
    )


def with_owners(group: SecurityGroup, guard: Filter, tags: Mapping[str, Mapping[str, str]]) -> Filter:
    """Return the filter ``guard`` of a group, with the owner of each rule. ``tags``: dict of rule id → tags."""
    return OWNERS.also_of_rules(replace(guard, rules=tuple(_with_owner(group, rule, tags) for rule in guard.rules)))


def _with_owner(group: SecurityGroup, rule: Rule, tags: Mapping[str, Mapping[str, str]]) -> Rule:
    is_own, tags_of_rule = rule.peer.group == group.filter.id, tags.get(rule.id, {})
    tags_of_rule = {**group.tags, **tags_of_rule} if is_own else tags_of_rule
    return replace(rule, written_by=OWNERS.of_rule("", rule.description, tags_of_rule, own_group=is_own))


def _permitted(permission: Item, direction: Direction, source: Source) -> Iterator[Rule]:
    services = _services(permission)
    for name, peer, description in _peers(permission):
        yield Rule(
            id=f"{source.resource}/{direction}/{services}/{name}",
            direction=direction,
            action=Action.PERMIT,
            services=ServiceSet.parse(services),
            peer=peer,
            source=source,
            description=description,
            uncertain=_uncertain(required(permission, "IpProtocol")),
        )


def _peers(permission: Item) -> Iterator[tuple[str, Peer, str]]:
    """Yield the text, the value and the description of each peer of a permission."""
    for plural, key in (("IpRanges", "CidrIp"), ("Ipv6Ranges", "CidrIpv6")):
        for entry in children(permission, plural):
            yield required(entry, key), Peer(AddressSet.parse(required(entry, key))), text(entry, "Description")
    for prefix_list in children(permission, "PrefixListIds"):
        name = required(prefix_list, "PrefixListId")
        yield name, Peer(address_list=name), text(prefix_list, "Description")
    for pair in children(permission, "UserIdGroupPairs"):
        name = required(pair, "GroupId")
        yield name, Peer(group=name), text(pair, "Description")


@dataclass(frozen=True, slots=True)
class ListedRule:
    """A rule of the security group ``of``, from DescribeSecurityGroupRules.

    ``named``: the group that the rule names, and that group's account (each "" for none).
    """

    of: str
    rule: Rule
    named: tuple[str, str]
    tags: Mapping[str, str]


def listed_rule(item: Item) -> ListedRule:
    """Return a rule as DescribeSecurityGroupRules lists it."""
    of, referenced = required(item, "GroupId"), child(item, "ReferencedGroupInfo")
    cidr, listed = text(item, "CidrIpv4") or text(item, "CidrIpv6"), text(item, "PrefixListId")
    rule = Rule(
        id=required(item, "SecurityGroupRuleId"),
        direction=Direction.EGRESS if flag(item, "IsEgress") else Direction.INGRESS,
        action=Action.PERMIT,
        services=ServiceSet.parse(_services(item)),
        peer=Peer(AddressSet.parse(cidr) if cidr else None, text(referenced, "GroupId"), listed),
        source=Source(calls.DESCRIBE_SECURITY_GROUP_RULES.name, of),
        description=text(item, "Description"),
        uncertain=_uncertain(required(item, "IpProtocol")),
    )
    return ListedRule(of, rule, (text(referenced, "GroupId"), text(referenced, "UserId")), tags_of(item))


@dataclass(frozen=True, slots=True)
class NetworkAcl:
    """A network ACL, and the ids of the subnets that it guards."""

    filter: Filter
    subnets: tuple[str, ...]


def network_acl(item: Item) -> NetworkAcl:
    """Return a network ACL as an ordered, stateless filter without its closing "deny everything else" entries.

    moto leaves the closing entries out.
    """
    name = required(item, "NetworkAclId")
    source = Source(calls.DESCRIBE_NETWORK_ACLS.name, name)
    numbered = [(number(entry, "RuleNumber"), entry) for entry in children(item, "Entries")]
    rules = (_entry(entry, order, source) for order, entry in numbered if 0 < order < _DEFAULT_ENTRIES)
    return NetworkAcl(
        Filter(name, name_of(item), NETWORK_ACL, tuple(rules), source, ordered=True, stateful=False),
        tuple(required(link, "SubnetId") for link in children(item, "Associations")),
    )


def _entry(entry: Item, order: int, source: Source) -> Rule:
    if entry.get("Egress") is None:
        message = "Egress is missing"
        raise AnswerError(message)
    direction = Direction.EGRESS if flag(entry, "Egress") else Direction.INGRESS
    ports, icmp = child(entry, "PortRange"), child(entry, "IcmpTypeCode")
    first, last = (number(icmp, "Type", _ANY), number(icmp, "Code", _ANY)) if icmp else (_ANY, _ANY)
    if not icmp:
        first, last = number(ports, "From", _ANY), number(ports, "To", _ANY)
    return Rule(
        id=f"{source.resource}/{direction}/{order}",
        direction=direction,
        action=choice(entry, "RuleAction", _ACTIONS),
        services=ServiceSet.parse(services_text(required(entry, "Protocol"), first, last)),
        peer=Peer(AddressSet.parse(text(entry, "CidrBlock") or required(entry, "Ipv6CidrBlock"))),
        source=source,
        order=order,
        uncertain=_uncertain(required(entry, "Protocol"), without_ports=not ports),
    )

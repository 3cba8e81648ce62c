"""Forwarding rules that lead to a host of the cluster, as balancers.

Passthrough balancers forward the client's packets unchanged. Proxies open a new connection from Google's addresses
(https://cloud.google.com/load-balancing/docs/load-balancing-overview).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Final

from cloudguard.model.cluster import Host, Pool
from cloudguard.model.filters import Action, Direction, Filter, Peer, Rule
from cloudguard.model.load_balancers import BackendTarget, Balancer, ClientAddress, Listener
from cloudguard.model.network import Subnet
from cloudguard.model.source import Source
from cloudguard.model.text_forms import EVERY_SERVICE, NO_ADDRESSES
from cloudguard.packet_sets.addresses import ALL4, ALL6, AddressSet
from cloudguard.packet_sets.services import ServiceSet
from cloudguard.provider.answers import Item, child, children, flag, text
from cloudguard.provider.network.client_filters import to_everyone, undecided_clients
from cloudguard.values import dataclass
from cloudguard_gcp.access.api import Api
from cloudguard_gcp.access.calls import LIST_FORWARDING_RULES, LIST_SECURITY_POLICIES
from cloudguard_gcp.access.links import last, project_of, short
from cloudguard_gcp.network.backends import Backends, ReachedTarget
from cloudguard_gcp.network.forwarding_rules import ForwardingRule
from cloudguard_gcp.network.subnets import HEALTH_CHECKS, VpcSubnet, front_ends, proxy_subnets, regional_proxies

PASSTHROUGH: Final = "passthrough"
"""The kind of a balancer that forwards packets unchanged."""
_KIND: Final = "forwarding rule"
_PLAIN: Final = frozenset({"HTTP", "H2C"})
_PASSING: Final = ("allow", "throttle", "rate_based_ban")
_FORMS: Final = ("evaluatePreconfiguredWaf(", "evaluatePreconfiguredExpr(")
"""Expressions of rules about the form of requests: https://cloud.google.com/armor/docs/waf-rules."""


@dataclass(frozen=True, slots=True)
class LoadBalancers:
    """The balancers, with the filters and subnets that only balancers have."""

    balancers: tuple[Balancer, ...]
    filters: tuple[Filter, ...]
    subnets: tuple[Subnet, ...]


def balancers_of(
    api: Api,
    rules: Iterable[ForwardingRule],
    backends: Backends,
    subnets: Sequence[VpcSubnet],
    members: Iterable[Host | Pool],
) -> LoadBalancers:
    """Return the balancers that lead to a host of the cluster, or to the next host of one of its pools."""
    known = {member.id: member for member in members}
    hosts = [host for host in known.values() if isinstance(host, Host)]
    places = {address: host for host in hosts for nic in host.interfaces for address in (*nic.addresses, *nic.public)}
    balancers, filters, proxies_by_id = list[Balancer](), list[Filter](), dict[str, Subnet]()
    for rule in sorted(rules, key=lambda forwarding_rule: forwarding_rule.id):
        reached = (_resolved(target, places) for target in backends.of_rule(rule))
        mine = [target for target in dict.fromkeys(reached) if _is_of(target.target, known)]
        if not mine:
            continue
        guards = [*_guards(api, rule, mine)]
        where = (
            _proxy_subnets(api, rule, mine, subnets, proxies_by_id) if rule.is_proxy else _target_subnets(mine, known)
        )
        filters += guards
        balancers.append(_balancer(rule, mine, where, guards))
    return LoadBalancers(tuple(balancers), tuple(filters), tuple(proxies_by_id.values()))


def _resolved(target: ReachedTarget, places: Mapping[AddressSet, Host]) -> ReachedTarget:
    """Return the host at the address of an endpoint that names no machine, if the address is a host's."""
    host = places.get(target.target.address) if not target.target.host else None
    return (
        target if host is None else replace(target, target=replace(target.target, host=host.id, address=NO_ADDRESSES))
    )


def _is_of(target: BackendTarget, members: Mapping[str, Host | Pool]) -> bool:
    """Whether a target is a host, or a pool's next host. An address that is not the host's own is a pod's."""
    member = members.get(target.host)
    if not isinstance(member, Host):
        return member is not None
    return not target.address or any(target.address in interface.addresses for interface in member.interfaces)


def _target_subnets(mine: Iterable[ReachedTarget], members: Mapping[str, Host | Pool]) -> tuple[str, ...]:
    """Return the subnets of the targets: clients of a passthrough balancer reach the targets directly."""
    subnets = (name for target in mine for name in _subnets(members[target.target.host]))
    return tuple(dict.fromkeys(subnets))


def _subnets(member: Host | Pool) -> tuple[str, ...]:
    return tuple(nic.subnet for nic in member.interfaces) if isinstance(member, Host) else member.subnets


def _proxy_subnets(
    api: Api,
    rule: ForwardingRule,
    mine: Iterable[ReachedTarget],
    subnets: Sequence[VpcSubnet],
    by_id: dict[str, Subnet],
) -> tuple[str, ...]:
    """Return the subnets that a proxy is in; none if they are unknown. Subnets of Google's are added to ``by_id``."""
    if rule.outside is False:
        return tuple(subnet.id for subnet in proxy_subnets(rule.region, rule.network, subnets))
    regional = rule.managed and rule.region
    if regional:
        proxies = regional_proxies(api, rule.region, rule.network, subnets)
    else:
        proxies = front_ends(api, {target.by_internet for target in mine})
    by_id[proxies.id] = proxies
    return (proxies.id,)


def _balancer(
    rule: ForwardingRule, mine: Sequence[ReachedTarget], where: tuple[str, ...], guards: Iterable[Filter]
) -> Balancer:
    source = _source(rule)
    return Balancer(
        id=rule.id,
        name=rule.name,
        kind="proxy" if rule.is_proxy else PASSTHROUGH,
        internet_facing=rule.outside,
        network=rule.network,
        subnets=where,
        filters=tuple(guard.id for guard in guards),
        groups=(),
        listeners=tuple(_listeners(rule, mine, source)),
        source=source,
        addresses=rule.address,
        declared_service=rule.declared_service,
        dual_stack=bool(rule.versions & ALL6),
        public_ipv4=bool(rule.versions & ALL4),
        keeps_destination=not rule.is_proxy,
        health_checks=HEALTH_CHECKS,
    )


def _source(rule: ForwardingRule) -> Source:
    return Source(LIST_FORWARDING_RULES.name, rule.name)


def _listeners(rule: ForwardingRule, mine: Iterable[ReachedTarget], source: Source) -> Iterator[Listener]:
    """Yield the listeners of a rule: one for targets that a proxy reaches unencrypted, one for all others."""
    by_side = dict[bool, list[BackendTarget]]()
    plain = _PLAIN | {"TCP"} if rule.decrypts else _PLAIN
    for target in mine:
        by_side.setdefault(rule.is_proxy and target.protocol in plain, []).append(target.target)
    service = ServiceSet.union(rule.services)
    for number, (plaintext, targets) in enumerate(sorted(by_side.items()), 1):
        yield Listener(
            id=rule.id if number == 1 else f"{rule.id}#{number}",
            service=service,
            targets=tuple(targets),
            client_address=ClientAddress.REPLACED if rule.is_proxy else ClientAddress.PRESERVED,
            source=source,
            plaintext=plaintext,
            port_ranges=service - ServiceSet.union(each for each in rule.services if each.size == 1),
        )


def _guards(api: Api, rule: ForwardingRule, mine: Sequence[ReachedTarget]) -> Iterator[Filter]:
    """Yield a filter for the security policies of a rule's targets, if each target has one that may block clients.

    What it blocks is not computed (https://cloud.google.com/armor/docs/security-policy-overview). Also yield one that
    lets in only the senders that the rule names, if it names some.
    """
    policies = sorted({target.policy for target in mine})
    if all(policy and _blocks_clients(api, policy) for policy in policies):
        why = f"it is not known which clients the security policy {', '.join(map(last, policies))} blocks"
        yield undecided_clients(f"security policies of {rule.id}", rule.name, _KIND, _source(rule), why)
    if rule.senders:
        rules = (*(_from(addresses, rule) for addresses in rule.senders), to_everyone(_source(rule)))
        yield Filter(f"sources of {rule.id}", rule.name, _KIND, rules, _source(rule))


def _from(addresses: AddressSet, rule: ForwardingRule) -> Rule:
    source = _source(rule)
    return Rule(f"ingress {addresses}", Direction.INGRESS, Action.PERMIT, EVERY_SERVICE, Peer(addresses), source)


def _blocks_clients(api: Api, policy: str) -> bool:
    """Whether a security policy may block clients. One that was not read may do so."""
    listed = api.read_or_none(LIST_SECURITY_POLICIES, hides=(), project=project_of(policy))
    mine = [item for item in listed or () if short(text(item, "selfLink")) == policy]
    blocking = api.mapped(
        LIST_SECURITY_POLICIES, mine, lambda item: any(map(_blocks, children(item, "rules"))), hides=()
    )
    return blocking[0] if blocking else True


def _blocks(rule: Item) -> bool:
    """Whether a rule of a security policy blocks clients, not only requests of a form, or too many of them."""
    action, about = text(rule, "action"), text(child(rule, "match", "expr"), "expression")
    return not flag(rule, "preview") and not action.startswith(_PASSING) and not about.startswith(_FORMS)

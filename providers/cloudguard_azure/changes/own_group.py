"""A new network security group on subnets, for a filter without a group or with a group managed by AKS.

Both a subnet's group and an interface's must permit a packet
(https://learn.microsoft.com/azure/virtual-network/network-security-group-how-it-works).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any, Final

from cloudguard.model.filters import Action, Direction, Filter
from cloudguard.model.snapshot import Snapshot
from cloudguard.model.text_forms import NO_ADDRESSES
from cloudguard.provider.calls.cloud_forms import NoCallError
from cloudguard.provider.rule_parts.parts import Part, as_rules
from cloudguard.results.api_call import PlannedCall
from cloudguard.results.change import PeerOf, RuleEdit, RulePeer, RuleTraffic
from cloudguard_azure.access.ids import group_of, name_of, subscription_of
from cloudguard_azure.changes.calls import delete, put, set_in
from cloudguard_azure.changes.rule_bodies import BodyWriter, one_rule
from cloudguard_azure.changes.rule_forms import FIRST_PRIORITY, LAST_PRIORITY, expressed
from cloudguard_azure.changes.security_rules import SecurityRules
from cloudguard_azure.network.rules import SUPPORTED_SERVICES
from cloudguard_azure.network.service_tags import EVERYWHERE

_ANYONE: Final = RulePeer(PeerOf.RANGE, ",".join(EVERYWHERE.cidrs()))
_INTERNET: Final = RulePeer(PeerOf.ADDRESS_LIST, "Internet")
_BALANCER: Final = RulePeer(PeerOf.ADDRESS_LIST, "AzureLoadBalancer")


def own_group(
    snapshot: Snapshot, guard: Filter, earlier: Sequence[RuleEdit], edits: Sequence[RuleEdit], writer: BodyWriter
) -> Iterator[PlannedCall]:
    """Yield the calls that create a group for each subnet behind a filter, and attach it once an edit removes traffic.

    The group permits the traffic that ``earlier`` and ``edits`` keep, and denies the traffic that they remove.
    After these rules it permits everything if another group guards the subnet. Raises NoCallError if a rule can't be
    expressed, if a subnet has a group already, or if AKS made the subnet
    (https://learn.microsoft.com/azure/aks/support-policies#user-customization-of-agent-nodes).
    """
    guarded = guard.id.startswith("/")
    before = _rules(guard, earlier, writer, guarded=guarded) if earlier else None
    after = _rules(guard, (*earlier, *edits), writer, guarded=guarded)
    takes = _removes_rules(edits) and not _removes_rules(earlier)
    for subnet in sorted(_subnets(snapshot, guard)):
        if guarded and group_of(subnet) == group_of(guard.id):
            message = "AKS also made the subnet, and resources in the node resource group must not be changed"
            raise NoCallError(message)
        scope = f"/subscriptions/{subscription_of(subnet)}/resourceGroups/{group_of(subnet)}"
        group = f"{scope}/providers/Microsoft.Network/networkSecurityGroups/{name_of(subnet)}-cloudguard"
        location = next((known.zone for known in snapshot.topology.subnets if known.id == subnet), "")
        if not location:
            message = f"the location of {subnet} is not known"
            raise NoCallError(message)
        undo = put(group, _group(location, before)) if before is not None else delete(group)
        yield PlannedCall(0, put(group, _group(location, after)), (undo,))
        if takes:
            path = "properties.networkSecurityGroup"
            yield PlannedCall(0, set_in(subnet, {path: {"id": group}}), (set_in(subnet, {path: None}),))


def _group(location: str, rules: list[dict[str, Any]]) -> dict[str, Any]:
    return {"location": location, "properties": {"securityRules": rules}}


def _removes_rules(edits: Sequence[RuleEdit]) -> bool:
    return any(edit.before is not None for edit in edits)


def _rules(guard: Filter, edits: Sequence[RuleEdit], writer: BodyWriter, *, guarded: bool) -> list[dict[str, Any]]:
    known = SecurityRules.of(guard).known
    closed = [rule for rule in guard.rules if rule.action is Action.DENY and not guarded]
    parts = [Part("", RuleTraffic(Direction.INGRESS, SUPPORTED_SERVICES, _INTERNET, Action.DENY)) for _ in closed[:1]]
    parts += [Part("", traffic) for edit in edits if edit.after is not None for traffic in expressed(edit.after)]
    for edit in edits:
        if edit.before is not None:
            parts += [Part("", RuleTraffic(edit.before.direction, SUPPORTED_SERVICES, _BALANCER))]
            targets = known[edit.rule].targets if edit.rule in known else NO_ADDRESSES
            parts += [
                Part("", traffic, targets=targets) for traffic in expressed(replace(edit.before, action=Action.DENY))
            ]
    rules = as_rules(dict.fromkeys(parts), one_rule)
    bodies = [writer.body(part, FIRST_PRIORITY + 10 * number) for number, part in enumerate(rules)]
    names = [f"cloudguard-{body['access'].lower()}-{number}" for number, body in enumerate(bodies, 1)]
    if guarded:
        every = (Part("", RuleTraffic(Direction.INGRESS, SUPPORTED_SERVICES, _ANYONE)),)
        names, bodies = [*names, "rest"], [*bodies, writer.body(every, LAST_PRIORITY)]
    return [{"name": name, "properties": body} for name, body in zip(names, bodies, strict=True)]


def _subnets(snapshot: Snapshot, guard: Filter) -> set[str]:
    """Return the subnets of the hosts behind a filter. Raises NoCallError if one has another group already."""
    cluster = snapshot.cluster
    guarded = [(interface.subnet, interface.filters) for host in cluster.hosts for interface in host.interfaces]
    guarded += [(subnet, pool.filters) for pool in cluster.pools for subnet in pool.subnets]
    behind = [(subnet, filters) for subnet, filters in guarded if guard.id in filters]
    others = {other.id for other in snapshot.topology.filters if other.in_series} - {guard.id}
    if not behind or any(others & set(filters) for _, filters in behind):
        message = "no host is behind it, or its subnet has a group already"
        raise NoCallError(message)
    return {subnet for subnet, _ in behind}

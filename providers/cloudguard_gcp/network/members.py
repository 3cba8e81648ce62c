"""Instances that stand behind the cluster's forwarding rules beside its own: they belong to it, labelled or not."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import partial

from cloudguard.packet_sets.services import ServiceSet
from cloudguard.provider.host_roles import CLUSTER_PORTS
from cloudguard_gcp.access import calls
from cloudguard_gcp.access.api import Api
from cloudguard_gcp.access.links import project_of
from cloudguard_gcp.cluster.find import Found, is_free
from cloudguard_gcp.network.backends import HIDES, Backends
from cloudguard_gcp.network.forwarding_rules import ForwardingRule, forwarding_rule


def read_rules(api: Api, project: str) -> list[ForwardingRule]:
    """Read a project's forwarding rules, and ask at once for what they lead to."""
    call = calls.LIST_FORWARDING_RULES
    found = api.mapped(call, api.read(call, hides=HIDES, project=project), forwarding_rule, hides=HIDES)
    rules = [rule for rule in found if rule is not None]
    Backends(api, project).prefetch(rules)
    return rules


def with_members(api: Api, found: Found) -> Found:
    """Return a cluster with the instances that its instance groups, target pools and endpoint groups list.

    They are its own where a forwarding rule made for a service, or that leads to the API or to NodePorts, sends to a
    host of the cluster as well. What is labelled as another cluster's is that one's.
    """
    projects = sorted({found.project, *(project_of(name) for name in found.networks)} - {""})
    rules = [rule for listed in api.gather(*(partial(read_rules, api, one) for one in projects)) for rule in listed]
    beside = {name for names in _together(api, found, rules) for name in names}
    known = {one.id for one in found.instances}
    more = (one for one in found.everyone if one.id in beside - known and is_free(one, found.name))
    return replace(found, instances=(*found.instances, *more))


def _together(api: Api, found: Found, rules: Iterable[ForwardingRule]) -> Iterator[set[str]]:
    """Yield the ids of what stands behind one rule, where it is the cluster's."""
    backends, known = Backends(api, found.project, found.networks), {one.id for one in found.instances}
    for rule in rules:
        own = None if rule.is_proxy else ServiceSet.union(rule.services)
        targets = [one.target for link in rule.links for one in backends.behind(link, own)]
        beside = [one for one in targets if one.host in known]
        if beside and (rule.declared_service or any(one.service & CLUSTER_PORTS for one in beside)):
            yield {one.host for one in targets}

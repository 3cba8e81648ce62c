"""Further instances behind the cluster's forwarding rules. They belong to the cluster, with or without its labels."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from cloudguard.provider.answers import Item, children, text
from cloudguard.provider.host_roles import CLUSTER_PORTS
from cloudguard_gcp.access import calls
from cloudguard_gcp.access.api import Api
from cloudguard_gcp.access.links import project_of, required_link
from cloudguard_gcp.cluster.find import FoundCluster, is_free
from cloudguard_gcp.network.backends import Backends
from cloudguard_gcp.network.endpoint_groups import HIDES
from cloudguard_gcp.network.forwarding_rules import ForwardingRule, forwarding_rule


def projects_with_rules(api: Api, found: FoundCluster) -> list[str]:
    """Return the projects whose forwarding rules may lead to the cluster.

    They are its own project, the projects of its networks, and other projects whose rules refer to a backend service
    that leads to a host of the cluster (https://cloud.google.com/load-balancing/docs/https#cross-project).
    """
    projects = {found.project, *(project_of(name) for name in found.networks)} - {""}
    known, call = {instance.id for instance in found.instances}, calls.LIST_BACKEND_SERVICES
    backends, others = Backends(api, found.project, found.networks), set[str]()
    for link, users in api.listed_in(sorted(projects), call, _link_and_users, hides=HIDES):
        further = {project_of(user) for user in users} - projects - {""}
        if further and any(target.target.host in known for target in backends.behind(link, None)):
            others |= further
    return sorted(projects | others)


def _link_and_users(service: Item) -> tuple[str, tuple[str, ...]]:
    """Return the link of a backend service, and links to the resources that refer to it."""
    return required_link(service), tuple(text(item, "reference") for item in children(service, "usedBy"))


def read_rules(api: Api, projects: Iterable[str]) -> list[ForwardingRule]:
    """Read the forwarding rules of projects, and start to read the lists of their targets."""
    listed = api.listed_in(projects, calls.LIST_FORWARDING_RULES, forwarding_rule, hides=HIDES)
    rules = [rule for rule in listed if rule is not None]
    for project in {project_of(rule.id) for rule in rules}:
        Backends(api, project).prefetch([rule for rule in rules if project_of(rule.id) == project])
    return rules


def with_members(api: Api, found: FoundCluster) -> FoundCluster:
    """Return a cluster with further instances from its instance groups, target pools and endpoint groups.

    An instance belongs to the cluster if a forwarding rule sends both to it and to a host of the cluster, and the rule
    was made for a service or leads to the API or to NodePorts. An instance with another cluster's labels is left out.
    """
    rules = read_rules(api, projects_with_rules(api, found))
    beside = {name for names in _targets_of_rules(api, found, rules) for name in names}
    known = {instance.id for instance in found.instances}
    more = (host for host in found.everyone if host.id in beside - known and is_free(host, found.name))
    return replace(found, instances=(*found.instances, *more))


def _targets_of_rules(api: Api, found: FoundCluster, rules: Iterable[ForwardingRule]) -> Iterator[set[str]]:
    """Yield the ids of all targets of a rule, for each rule that is the cluster's."""
    backends, known = Backends(api, found.project, found.networks), {instance.id for instance in found.instances}
    for rule in rules:
        targets = [reached.target for reached in backends.of_rule(rule)]
        beside = [target for target in targets if target.host in known]
        if beside and (rule.declared_service or any(target.service & CLUSTER_PORTS for target in beside)):
            yield {target.host for target in targets}

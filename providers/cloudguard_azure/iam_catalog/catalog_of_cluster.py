"""The IAM catalog of Azure for one cluster: operations, needs and escalation paths. It asks no subscription."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from importlib.resources import files
from typing import Final

from cloudguard.model.cluster import Role
from cloudguard.model.iam_catalog import IamCatalog
from cloudguard.model.identity import Effect, PolicyDocument, Statement
from cloudguard.model.snapshot import Snapshot
from cloudguard.provider.need_tables import NeedTables
from cloudguard_azure.access.ids import group_of, parent, subscription_of
from cloudguard_azure.iam_catalog.catalog import catalog_of
from cloudguard_azure.iam_catalog.principals import Subjects
from cloudguard_azure.iam_catalog.role_writer import RoleDocuments
from cloudguard_azure.identity.resource_names import CONTROL, DATA, scope_patterns

TABLES: Final = NeedTables(files("cloudguard_azure.iam_catalog"))
PLACES: Final = {
    "statestore": "the state store",
    "group": "the resource group of the cluster's machines",
    "netgroup": "the resource group of the cluster's network",
}
_TELEMETRY: Final = frozenset({"image-pull", "image-pull/repositories"})
"""Needs of every host."""
_CONTRIBUTOR: Final = "b24988ac-6180-42a0-ab88-20f7382dd24c"
_NETWORK_CONTRIBUTOR: Final = "4d97b98b-1d4f-4787-a291-c67834d212e7"
_CLUSTER: Final = "cluster"


def iam_catalog(snapshot: Snapshot) -> IamCatalog:
    """Return the IAM catalog for the cluster of ``snapshot``."""
    values = _values(snapshot)
    needs, paths = TABLES.needs(values, PLACES), TABLES.escalation_paths
    own = tuple(
        f"{plane}:{snapshot.cluster.account}:{group}:*:*:*" for group in values["group"] for plane in (CONTROL, DATA)
    )
    issuers = frozenset(provider.id for provider in snapshot.identities.providers)
    return IamCatalog(
        catalog=catalog_of(snapshot, needs, paths),
        writer=RoleDocuments(),
        needs=needs,
        escalation_paths=paths,
        cluster_resources=(Statement("own groups", Effect.ALLOW, ("*",), resources=own),) if own else (),
        provider_mandated=tuple(_mandated(snapshot, values)) if snapshot.cluster.managed else (),
        principals=Subjects(issuers),
        telemetry=tuple(statement for need in needs if need.id in _TELEMETRY for statement in need.statements),
        home=(CONTROL, snapshot.cluster.account, next(iter(values["group"]), ""), "", "", ""),
    )


def _values(snapshot: Snapshot) -> Mapping[str, tuple[str, ...]]:
    """Return the values of placeholders: names of groups, and patterns of resources."""
    cluster = snapshot.cluster
    subscription = cluster.account.lower()
    machines = [one.id for one in cluster.hosts] + [one.id for one in cluster.pools]
    network = _network(snapshot)
    kubelets = [one.id for one in snapshot.identities.identities if Role.NODE.value in one.roles]
    return {
        "subscription": (subscription,),
        "group": _groups(machines, subscription),
        "netgroup": _groups(network, subscription),
        "kubelet": tuple(sorted(name for name in kubelets if ":userassignedidentities:" in name)),
    }


def _network(snapshot: Snapshot) -> tuple[str, ...]:
    """Return the ids of the cluster's subnets."""
    cluster = snapshot.cluster
    of_hosts = {port.subnet for host in cluster.hosts for port in host.interfaces}
    return tuple(sorted((of_hosts | {name for pool in cluster.pools for name in pool.subnets}) - {""}))


def _groups(ids: Iterable[str], subscription: str) -> tuple[str, ...]:
    own = (one for one in ids if subscription_of(one) == subscription)
    return tuple(sorted({group_of(one) for one in own} - {""}))


def _mandated(snapshot: Snapshot, values: Mapping[str, tuple[str, ...]]) -> Iterator[tuple[str, str, str]]:
    """Yield the roles that AKS assigns to its own identity, or asks for; never those of a kubelet's identity.

    Contributor on the group of the nodes (MicrosoftDocs/azure-aks-docs articles/aks/managed-identity-overview.md);
    Network Contributor on the cluster's subnets (articles/aks/concepts-network-cni-overview.md,
    articles/aks/api-server-vnet-integration.md) and, for node autoprovisioning, on their network
    (articles/aks/automatic/quick-automatic-custom-network.md).
    """
    subscription = snapshot.cluster.account.lower()
    groups = {f"/subscriptions/{subscription}/resourcegroups/{group}" for group in values["group"]}
    network = {name for subnet in _network(snapshot) for name in (subnet, parent(subnet))}
    places = {_CONTRIBUTOR: groups, _NETWORK_CONTRIBUTOR: network}
    policies = {policy.id: policy for policy in snapshot.identities.policies}
    for identity in snapshot.identities.identities:
        if _CLUSTER in identity.roles and Role.NODE.value not in identity.roles:
            yield from ((_CLUSTER, name, "") for name in identity.policies if _is_at(policies.get(name), places))


def _is_at(policy: PolicyDocument | None, places: Mapping[str, Collection[str]]) -> bool:
    """Whether a policy is the assignment of one of the roles at one of its places."""
    wanted = places.get(policy.id.rpartition("#")[2], ()) if policy else ()
    patterns = {pattern for place in wanted for plane in (CONTROL, DATA) for pattern in scope_patterns(place, plane)}
    reached = {pattern for one in (policy.statements if policy else ()) for pattern in one.resources}
    return bool(reached) and reached <= patterns

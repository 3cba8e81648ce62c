"""The IAM catalog of Azure for one cluster: operations, needs and escalation paths. It makes no calls."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from functools import cache
from importlib.resources import files
from typing import Final

from cloudguard.model.cluster import Role
from cloudguard.model.iam_catalog import IamCatalog
from cloudguard.model.snapshot import Snapshot
from cloudguard.provider.answers import AnswerError
from cloudguard.provider.iam.need_tables import NeedTables
from cloudguard.tables import table_of
from cloudguard_azure.access.ids import group_of, parent, subscription_of
from cloudguard_azure.iam_catalog.catalog import catalog_of
from cloudguard_azure.iam_catalog.principals import Subjects
from cloudguard_azure.iam_catalog.role_writer import RoleDocuments
from cloudguard_azure.identity.aks_places import CLUSTER, ENCRYPTION_SET, GATEWAY, VAULT, ZONE
from cloudguard_azure.identity.resource_names import CONTROL, DATA, below_of, scope_patterns

_PACKAGE: Final = "cloudguard_azure.iam_catalog"
TABLES: Final = NeedTables(files(_PACKAGE))
_WITHOUT_KEY: Final = {
    "dnszone": "the DNS zone",
    "statestore": "the state store",
    "group": "the resource group of the cluster's machines",
    "netgroup": "the resource group of the cluster's network",
    "gateway": "the add-on's application gateway",
    "podvault": "the vault of the secrets that pods mount",
}
PLACES: Final = {**_WITHOUT_KEY, "vault": "the vault of the cluster's key"}
_TELEMETRY: Final = frozenset({"image-pull", "image-pull/repositories"})
"""Needs of every host."""
_CLUSTER: Final = "cluster"
_ASSIGNED: Final = ":userassignedidentities:"
_TRAITS: Final = {_CLUSTER: CLUSTER, "vault": VAULT, "zone": ZONE, "encryptionset": ENCRYPTION_SET, "gateway": GATEWAY}
"""For each placeholder, the trait of a managed cluster that has its value."""


def iam_catalog(snapshot: Snapshot) -> IamCatalog:
    """Return the IAM catalog for the cluster of ``snapshot``."""
    cluster, values = snapshot.cluster, values_of(snapshot)
    places = PLACES if cluster.secrets_encryption and cluster.secrets_encryption.key else _WITHOUT_KEY
    needs, paths = TABLES.needs(values, places), TABLES.escalation_paths
    issuers = frozenset(provider.id for provider in snapshot.identities.providers)
    return IamCatalog(
        catalog=catalog_of(snapshot, needs, paths),
        writer=RoleDocuments(),
        needs=needs,
        escalation_paths=paths,
        cluster_resources=TABLES.statements_in("cluster_resources.toml", values),
        provider_mandated=tuple(_mandated(snapshot, values)) if cluster.managed else (),
        principals=Subjects(issuers),
        telemetry=tuple(statement for need in needs if need.id in _TELEMETRY for statement in need.statements),
        preferred_segments=(CONTROL, cluster.account, next(iter(values["group"]), ""), "", "", ""),
    )


def values_of(snapshot: Snapshot) -> Mapping[str, tuple[str, ...]]:
    """Return the values of placeholders: names of resource groups, and patterns of other resources."""
    cluster = snapshot.cluster
    subscription = cluster.account.lower()
    cluster_traits = dict(cluster.traits)
    machines = [host.id for host in cluster.hosts] + [pool.id for pool in cluster.pools]
    subnets = _subnets(snapshot)
    kubelets = [identity.id for identity in snapshot.identities.identities if Role.NODE.value in identity.roles]
    named = {name: cluster_traits.get(trait, "") for name, trait in _TRAITS.items()}
    return {
        "subscription": (subscription,),
        "group": _groups(machines, subscription),
        "netgroup": _groups(subnets, subscription),
        "kubelet": tuple(
            name for kubelet in sorted(kubelets) if _ASSIGNED in kubelet for name in (kubelet, *below_of(kubelet))
        ),
        "subnet": _patterns_of_scopes(*subnets),
        "network": _patterns_of_scopes(*map(parent, subnets)),
        "vault": _patterns_of_scopes(named.pop("vault"), plane=DATA),
        "clusterdata": _patterns_of_scopes(named[_CLUSTER], plane=DATA),
        **{name: _patterns_of_scopes(scope) for name, scope in named.items()},
    }


def _subnets(snapshot: Snapshot) -> list[str]:
    """Return the ids of the subnets of hosts and of pools' next hosts."""
    cluster = snapshot.cluster
    of_hosts = {port.subnet for host in cluster.hosts for port in host.interfaces}
    return sorted((of_hosts | {name for pool in cluster.pools for name in pool.subnets}) - {""})


def _patterns_of_scopes(*scopes: str, plane: str = CONTROL) -> tuple[str, ...]:
    """Return the patterns of scopes. Scopes that can't be parsed have none."""
    patterns = list[str]()
    for scope in scopes:
        with suppress(AnswerError):
            patterns += scope_patterns(scope, plane) if scope else ()
    return tuple(dict.fromkeys(patterns))


def _groups(ids: Iterable[str], subscription: str) -> tuple[str, ...]:
    of_subscription = (id_ for id_ in ids if subscription_of(id_) == subscription)
    return tuple(sorted({group_of(resource_id) for resource_id in of_subscription} - {""}))


@cache
def mandated_roles() -> Mapping[str, tuple[tuple[str, frozenset[str]], ...]]:
    """Return the roles of ``mandated.toml`` by GUID, each with the need that it serves and its places."""
    roles: dict[str, list[tuple[str, frozenset[str]]]] = {}
    for role in table_of(_PACKAGE, "mandated.toml")["mandated"]:
        roles.setdefault(role["role"], []).append((role.get("need", ""), frozenset(role["places"])))
    return {role: tuple(places) for role, places in roles.items()}


def _mandated(snapshot: Snapshot, values: Mapping[str, tuple[str, ...]]) -> Iterator[tuple[str, str, str]]:
    """Yield the assignments of mandated roles at the places where AKS requires them.

    Each is ("cluster" for the cluster's own identity or "" for an add-on's, policy id, need).
    """
    groups = [f"/subscriptions/{values['subscription'][0]}/resourcegroups/{group}" for group in values["group"]]
    near = {parent(scope) for scope in _subnets(snapshot)}
    inside = [subnet.id for subnet in snapshot.topology.subnets if subnet.network in near]
    permitted = {
        **values,
        "group": _patterns_of_scopes(*groups),
        "network": (*values["network"], *_patterns_of_scopes(*inside)),
    }
    nodes = {
        name for identity in snapshot.identities.identities if Role.NODE in identity.roles for name in identity.policies
    }
    for policy in snapshot.identities.policies:
        reached = _without_plane(name for statement in policy.statements for name in statement.resources)
        for need, places in mandated_roles().get(policy.id.rpartition("#")[2], ()) if reached else ():
            if any(reached <= _without_plane(permitted[place]) for place in places) and (
                need or policy.id not in nodes
            ):
                yield "" if need else _CLUSTER, policy.id, need


def _without_plane(names: Iterable[str]) -> set[str]:
    return {name.partition(":")[2] for name in names}

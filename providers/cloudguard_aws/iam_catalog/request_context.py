"""Known context of a role's requests: facts that always hold for a role, and facts of the day of the scan.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from datetime import datetime
from functools import reduce
from typing import Final

from cloudguard.model.identity import SERVICE_ACCOUNT, Identity, ServiceAccountIdentity
from cloudguard.model.network import NextHop
from cloudguard.model.snapshot import Snapshot
from cloudguard.packet_sets.addresses import ALL4, PUBLIC, AddressSet
from cloudguard.permission_sets.condition_keys import ABSENT, FREE, Constraint
from cloudguard.permission_sets.condition_operators import KnownContext, UnreadValue
from cloudguard.permission_sets.glob_sets import glob_set
from cloudguard.permission_sets.globs import glob, literal
from cloudguard.permission_sets.value_ranges import Kind, ValueSet
from cloudguard.tables import table_of
from cloudguard_aws.trust.context_keys import SOME_INSTANCE

_TABLE: Final = "cloudguard_aws.iam_catalog", "request_context.toml"
_OF_HOSTS: Final = "aws:ec2instancesourcevpc", "aws:ec2instancesourceprivateipv4", "ec2:sourceinstancearn"
"""Keys that only requests with the credentials of an instance have."""
_TAG: Final = "aws:principaltag/"
_UNKNOWN_TAGS: Final = ("eks-cluster-arn", "kubernetes-pod-name", "kubernetes-pod-uid")
_NOT_OF_HOSTS: Final = frozenset({"cluster", "pods", SERVICE_ACCOUNT})
"""Holders of a role that have no instance: a managed control plane, Fargate, and service accounts."""


def _within(addresses: AddressSet) -> ValueSet:
    return reduce(ValueSet.__or__, (ValueSet.read(Kind.ADDRESS, cidr) for cidr in addresses.cidrs()))


_FROM_THE_INTERNET: Final = UnreadValue(
    usual=Constraint(absent=False, values=(_within(PUBLIC & ALL4),)),
    possible=Constraint(absent=True, values=(_within(PUBLIC),)),
)
"""Requests have the public address of their way out, and never a private one. Requests through a VPC endpoint do not
have this key. They have aws:VpcSourceIp instead."""
_OTHER_NETWORKS: Final = frozenset({NextHop.PEER, NextHop.HUB, NextHop.APPLIANCE, NextHop.UNKNOWN})
_UNKNOWN_USER: Final = "*:*"


def ordinary_context(snapshot: Snapshot, partition: str) -> Mapping[str, tuple[str, ...]]:
    """Return the context of ordinary requests that hosts make on resources of the same account."""
    account, organization = snapshot.cluster.account, snapshot.identities.organization
    regions = snapshot.cluster.regions or ("",)
    instances = (SOME_INSTANCE, *(host.id for host in snapshot.cluster.hosts))
    context = {
        **{key: tuple(values) for key, values in table_of(*_TABLE)["ordinary"].items()},
        "aws:resourceaccount": (account,),
        "ec2:sourceinstancearn": tuple(
            f"arn:{partition}:ec2:{region}:{account}:instance/{name}" for name in instances for region in regions
        ),
        "iam:policyarn": (f"arn:{partition}:iam::aws:policy/AdministratorAccess",),
    }
    if organization:
        context |= {"aws:resourceorgid": (organization,), "aws:resourceorgpaths": (f"{organization}/r-root/",)}
    return context


def known_context(snapshot: Snapshot) -> KnownContext:
    """Return the known context of all roles' requests on the day of the snapshot.

    Role sessions have temporary credentials, so the MFA key is present, and it is false because services and pods have
    no MFA device. The region is not included, because a role can be used in any region. Sessions that EKS starts have
    the cluster's name as a principal tag (https://docs.aws.amazon.com/eks/latest/userguide/auto-cluster-iam-role.html).
    """
    cluster = snapshot.cluster
    table = table_of(*_TABLE)
    known: dict[str, str | Constraint | UnreadValue] = dict.fromkeys(table["unknown"], FREE)
    known["aws:sourceip"] = _FROM_THE_INTERNET
    known |= dict.fromkeys(table["absent"], ABSENT)
    known |= dict(_time_keys(snapshot.started))
    known["aws:principalisawsservice"] = "false"
    known["aws:multifactorauthpresent"] = "false"
    if cluster.account:
        known["aws:principalaccount"] = cluster.account
    if cluster.managed and cluster.name:
        known["aws:principaltag/eks:eks-cluster-name"] = cluster.name
    organization = snapshot.identities.organization
    known["aws:principalorgid"] = FREE if organization is None else organization or ABSENT
    known["aws:sourcevpc"] = _source_networks(snapshot)
    known["aws:ec2instancesourcevpc"] = _own_networks(snapshot)
    return known


def _source_networks(snapshot: Snapshot) -> Constraint:
    """Return the VPCs whose endpoints requests may pass: any VPC if the hosts' routes lead to other networks.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html#condition-keys-sourcevpc
    """
    subnets = snapshot.topology.subnets
    networks = [literal(subnet.network) for subnet in subnets if subnet.network]
    elsewhere = any(route.hop in _OTHER_NETWORKS for subnet in subnets for route in subnet.routes)
    return Constraint(absent=True, text=glob_set([networks])) if networks and not elsewhere else FREE


def _own_networks(snapshot: Snapshot) -> Constraint:
    """Return the VPCs of the hosts whose credentials sign requests."""
    networks = {subnet.network for subnet in snapshot.topology.subnets if subnet.network}
    named = glob_set([[literal(name) for name in sorted(networks)]])
    return Constraint(absent=False, text=named) if networks else FREE


def context_of(known: KnownContext, tags: Mapping[str, KnownContext], identity: Identity) -> KnownContext:
    """Return the known context of one role's requests, including ``known``.

    ``tags``: the tags of sessions besides the role's own tags, by identity (``session_tags``).
    """
    if ":role/" not in identity.id:
        return known
    users = glob(f"{identity.unique_id}:*" if identity.unique_id else _UNKNOWN_USER)
    context: dict[str, str | Constraint | UnreadValue] = {
        "aws:principalarn": identity.id,
        "aws:principaltype": "AssumedRole",
        "aws:userid": Constraint(absent=False, text=glob_set([[users]])),
    }
    if identity.tags is not None:
        context |= {f"{_TAG}{key.lower()}": value for key, value in identity.tags}
        if SERVICE_ACCOUNT not in identity.roles:
            context[f"{_TAG}*"] = ABSENT
        elif identity.roles == (SERVICE_ACCOUNT,):
            context |= tags.get(identity.id, {})
    if identity.roles and _NOT_OF_HOSTS.issuperset(identity.roles):
        context |= dict.fromkeys(_OF_HOSTS, ABSENT)
    return {**known, **context}


def session_tags(snapshot: Snapshot) -> Mapping[str, KnownContext]:
    """Return the tags of the sessions of service accounts, as context keys, by identity.

    EKS Pod Identity sets them, unless an association switches them off. Sessions by an identity provider have none,
    because Kubernetes' tokens have no claim for tags. The tags of an EKS capability's sessions are not documented.
    https://docs.aws.amazon.com/eks/latest/userguide/pod-id-abac.html,
    https://docs.aws.amazon.com/IAM/latest/UserGuide/id_session-tags.html
    """
    by_identity = dict[str, list[ServiceAccountIdentity]]()
    for account in snapshot.identities.service_accounts:
        by_identity.setdefault(account.identity, []).append(account)
    return {name: _tags_of(snapshot.cluster.name, accounts) for name, accounts in by_identity.items()}


def _tags_of(cluster: str, accounts: Iterable[ServiceAccountIdentity]) -> KnownContext:
    bound = [
        account.partition(":")
        for service_account in accounts
        if not service_account.provider
        for account in service_account.service_accounts
    ]
    if any(kind == "capability" and "/" in name for kind, _, name in bound):
        return {f"{_TAG}*": FREE}
    tags: dict[str, str | Constraint | UnreadValue] = {f"{_TAG}*": ABSENT}
    if bound:
        tags |= {f"{_TAG}{name}": FREE for name in _UNKNOWN_TAGS}
        tags[f"{_TAG}eks-cluster-name"] = _one_of({cluster})
        tags[f"{_TAG}kubernetes-namespace"] = _one_of({namespace for namespace, _, _ in bound})
        tags[f"{_TAG}kubernetes-service-account"] = _one_of({name for _, _, name in bound})
    return tags


def _one_of(values: Iterable[str]) -> UnreadValue:
    usual = Constraint(absent=False, text=glob_set([[literal(value) for value in sorted(values)]]))
    return UnreadValue(usual, usual.replaced(absent=True))


def _time_keys(started: str) -> Iterator[tuple[str, str | Constraint]]:
    """Yield the context keys for the time. A session may have started just now."""
    epoch: str | Constraint = FREE
    moment: str | Constraint = FREE
    with suppress(ValueError):
        epoch, moment = str(int(datetime.fromisoformat(started).timestamp())), started
    yield from (("aws:currenttime", moment), ("aws:tokenissuetime", moment), ("aws:epochtime", epoch))

"""The identities of a cluster: their holders, their role and deny assignments, and who can take them on."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import replace
from functools import partial
from itertools import product
from typing import Final

from cloudguard.model.cluster import Host, Pool
from cloudguard.model.identity import SERVICE_ACCOUNT, Identities, Identity, PolicyDocument, ServiceAccountIdentity
from cloudguard.model.source import Source
from cloudguard.provider.answers import Item, child, flag, required, text
from cloudguard.values import dataclass
from cloudguard_azure.access import calls
from cloudguard_azure.access.api import Api
from cloudguard_azure.access.ids import canonical, name_of
from cloudguard_azure.identity import assignments, federation, vaults
from cloudguard_azure.identity.assignments import Assignment, Denial
from cloudguard_azure.identity.federation import Federated, read_bindings
from cloudguard_azure.identity.gainable import Around, gainable
from cloudguard_azure.identity.holders import (
    HIDES,
    Attachments,
    HeldIdentity,
    attachments,
    held_by_cluster,
    held_by_machines,
    united,
)
from cloudguard_azure.identity.resource_names import resource
from cloudguard_azure.identity.roles import Roles

_UNREAD_GRANTS: Final = (
    "grants in other subscriptions, by directory roles, app permissions, Azure Lighthouse and local roles of managed "
    "HSMs, to groups of other directories, and by groups in key vault access policies were not read, and neither were "
    "grants to service principals whose secrets the cluster holds, nor identities of other subscriptions that trust "
    "tokens of the cluster"
)


@dataclass(frozen=True, slots=True)
class ClusterHolders:
    """A cluster whose identities are read: its name, hosts and pools. ``managed``: the answer about an AKS cluster.

    ``issuer``: the issuer of tokens that the user names for a self-managed cluster ("": none).
    """

    cluster: str
    hosts: tuple[Host, ...]
    pools: tuple[Pool, ...]
    attached: Attachments
    managed: Item | None = None
    issuer: str = ""


@dataclass(frozen=True, slots=True)
class _SubscriptionGrants:
    """What a subscription grants and denies to any principal."""

    assignments: tuple[Assignment, ...]
    denials: tuple[Denial, ...]
    vaults: tuple[vaults.Vault, ...]


def read_identities(api: Api, holders: ClusterHolders) -> Identities:
    """Return the identities with all policies that grant to them or deny them, and who can take them on."""
    bindings = read_bindings(api, holders.managed) if holders.managed else ()
    identities = united(_held_identities(api, holders).values(), (binding.identity for binding in bindings))
    issuer = _issuer(api, holders.managed)
    (denials, unread), assigned, granting, (listed, federated) = api.parallel(
        partial(assignments.read_denials, api),
        partial(assignments.read_assignments, api),
        partial(vaults.read_vaults, api),
        partial(_federated, api, identities, only_held=issuer == ""),
    )
    providers = (
        *federation.issuers(api, holders.cluster, issuer, federated, holders.issuer),
        *{binding.issuer: binding.provider for binding in bindings if binding.issuer}.values(),
    )
    accounts = [*_accounts(federated, [provider.id for provider in providers]), *_of_addons(identities.values())]
    identities = united(identities.values(), _of_pods(federated, accounts))
    trusts = {each.identity.id: federation.trust_of(each) for each in federated if each.identity.id in identities}
    places = {identity.arm_id: identity for identity in listed if identity.id not in identities}
    around, roles = Around(places, _of_others(api, holders), assigned), Roles(api)
    gained = gainable(api, roles, identities.values(), around)
    every = {identity.id: identity for identity in (*identities.values(), *gained.every)}
    attached = _attached(api, roles, list(every.values()), _SubscriptionGrants(assigned, denials, granting))
    policies = {policy.id: policy for documents in (*attached.values(), trusts.values()) for policy in documents}
    own = (_identity(identity, attached[identity.id], trusts.get(identity.id)) for identity in identities.values())
    return Identities(
        identities=tuple(own),
        policies=tuple(policies.values()),
        service_accounts=tuple(accounts),
        unread_limits=unread,
        providers=providers,
        unread_grants=_UNREAD_GRANTS,
        others=(
            *(_identity(identity, attached[identity.id], None) for identity in gained.identities),
            *(_machine(machine, held, attached) for machine, held in sorted(gained.machines.items())),
        ),
    )


def _held_identities(api: Api, holders: ClusterHolders) -> dict[str, HeldIdentity]:
    """Return the identities of the managed cluster and the machines, by id."""
    cluster = [holders.managed] if holders.managed else []
    read = api.mapped(calls.LIST_MANAGED_CLUSTERS, cluster, lambda item: [*held_by_cluster(item)], hides=HIDES)
    by_cluster = [identity for each in read for identity in each]
    return united(by_cluster, held_by_machines(holders.hosts, holders.pools, holders.attached))


def _issuer(api: Api, managed: Item | None) -> str | None:
    """Return a managed cluster's issuer of tokens, "" for none; None if the cluster is self-managed."""
    issuers = api.mapped(calls.LIST_MANAGED_CLUSTERS, [managed] if managed else [], _issuer_of, hides=HIDES)
    return next(iter(issuers), None)


def _issuer_of(item: Item) -> str:
    profile = child(item, "properties", "oidcIssuerProfile")
    return required(profile, "issuerURL") if flag(profile, "enabled") else text(profile, "issuerURL")


def _federated(
    api: Api, identities: Mapping[str, HeldIdentity], *, only_held: bool
) -> tuple[tuple[HeldIdentity, ...], tuple[Federated, ...]]:
    """Return the subscription's identities, and those with federated credentials among them and the held ones.

    ``only_held``: the subscription's are not read.
    """
    listed = () if only_held else federation.read_identities(api)
    every = {identity.id: identity for identity in (*listed, *identities.values())}
    return listed, federation.read_credentials(api, every.values())


def _of_pods(federated: Iterable[Federated], accounts: Iterable[ServiceAccountIdentity]) -> Iterator[HeldIdentity]:
    """Yield the identities with federated credentials that service ``accounts`` can take on."""
    named = {account.identity for account in accounts}
    for each in federated:
        if each.identity.id in named:
            yield replace(each.identity, roles=(SERVICE_ACCOUNT,))


def _accounts(federated: Iterable[Federated], issuers: Collection[str]) -> Iterator[ServiceAccountIdentity]:
    """Yield the service accounts of the cluster that can take on identities."""
    for each, issuer in product(federated, issuers):
        if accounts := federation.accounts_of(each, issuer):
            identity, trust = each.identity, federation.trust_of(each)
            yield ServiceAccountIdentity(identity.id, identity.name, accounts, trust.id, trust.source, issuer)


def _of_addons(identities: Iterable[HeldIdentity]) -> Iterator[ServiceAccountIdentity]:
    for identity in identities:
        if identity.accounts:
            source = Source(calls.LIST_MANAGED_CLUSTERS.name, identity.arm_id)
            yield ServiceAccountIdentity(identity.id, identity.name, identity.accounts, "", source)


def _of_others(api: Api, holders: ClusterHolders) -> Attachments:
    """Return the identities of the subscription's machines and scale sets that are not the cluster's."""
    own = {host.id for host in holders.hosts} | {pool.id for pool in holders.pools}
    items = (*api.read(calls.LIST_MACHINES, hides=()), *api.read(calls.LIST_SCALE_SETS, hides=()))
    return attachments(api, (item for item in items if canonical(str(item.get("id", ""))) not in own), hides=())


def _machine(machine: str, held: tuple[HeldIdentity, ...], attached: Mapping[str, list[PolicyDocument]]) -> Identity:
    """Return the identities of a machine (canonical id) as one, with the machine's id: who runs commands has them."""
    name = f"{' and '.join(dict.fromkeys(identity.name for identity in held))} of {name_of(machine)}"
    policies = tuple(dict.fromkeys(policy.id for identity in held for policy in attached[identity.id]))
    complete = all(identity.principal for identity in held)
    source = Source(calls.LIST_MACHINES.name, machine)
    return Identity(resource(machine), name, (), policies, source, complete=complete)


def _attached(
    api: Api, roles: Roles, identities: list[HeldIdentity], around: _SubscriptionGrants
) -> dict[str, list[PolicyDocument]]:
    """Return the policies of each identity, by its id."""
    principals = sorted({identity.principal for identity in identities if identity.principal})
    read = api.gather(*(partial(assignments.read_assigned_to, api, principal) for principal in principals))
    assigned = dict(zip(principals, read, strict=True))
    heedless = [vault.id for vault in around.vaults if not vault.heeds_roles]
    concerned = {
        principal: assignments.assignments_to(principal, assigned.get(principal), around.assignments)
        for principal in {identity.principal for identity in identities}
    }
    roles.prefetch([assignment.role for listed in concerned.values() for assignment in listed])
    attached = dict[str, list[PolicyDocument]]()
    for identity in identities:
        listed = concerned[identity.principal]
        granted = (assignments.granted(each, roles.role(each.role), heedless) for each in listed)
        attached[identity.id] = [*granted, *_other_policies(identity, assigned.get(identity.principal), around)]
    return attached


def _other_policies(
    identity: HeldIdentity, assigned: Iterable[Assignment] | None, around: _SubscriptionGrants
) -> Iterator[PolicyDocument]:
    """Yield the other policies that grant to an identity or deny it."""
    if not identity.principal:
        return
    if assigned is None:
        yield assignments.through_groups(identity.principal, identity.id)
    groups = {assignment.principal for assignment in assigned or ()} - {identity.principal}
    denying = (assignments.denied(denial, identity.principal, groups) for denial in around.denials)
    granting = (vaults.granted_by_vault(vault, {identity.principal, *groups}) for vault in around.vaults)
    yield from filter(None, (*denying, *granting))


def _identity(identity: HeldIdentity, policies: Iterable[PolicyDocument], trust: PolicyDocument | None) -> Identity:
    """Return an identity. If its object id is unknown, its assignments are unknown too."""
    names = tuple(policy.id for policy in (*policies, *([trust] if trust else [])))
    source = Source(calls.LIST_ASSIGNED_TO.name, identity.principal or identity.id)
    known = bool(identity.principal)
    return Identity(identity.id, identity.name, identity.roles, names, source, known, identity.principal)

"""The identities that a cluster's machines and its managed control plane hold.

https://learn.microsoft.com/entra/identity/managed-identities-azure-resources/overview,
https://learn.microsoft.com/azure/aks/use-managed-identity
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from itertools import chain
from typing import Final, TypeVar

from cloudguard.model.cluster import Host, Pool
from cloudguard.model.identity import SERVICE_ACCOUNT
from cloudguard.model.source import FactKind
from cloudguard.provider.answers import AnswerError, Item, child, children, required, text
from cloudguard.values import dataclass
from cloudguard_azure.access import calls
from cloudguard_azure.access.api import Api
from cloudguard_azure.access.ids import canonical, name_of, own_id, word
from cloudguard_azure.identity.resource_names import CONTROL, resource

NODE: Final = "node"
CLUSTER: Final = "cluster"
KUBELET: Final = "kubeletidentity"
_MANAGED: Final = "msi"
"""The value of ``clientId`` in a cluster without a service principal."""
_OWN: Final = "systemassigned"
_ASSIGNED: Final = "userassigned"
_KINDS: Final = frozenset({"", "none", _OWN, _ASSIGNED})
"""The words in a resource's ``identity.type`` (https://learn.microsoft.com/rest/api/compute/virtual-machines/list-all).
"""
_Holding = TypeVar("_Holding", Host, Pool)


HIDES: Final = (FactKind.IDENTITIES,)


@dataclass(frozen=True, slots=True)
class HeldIdentity:
    """An identity held by a resource of the cluster.

    ``arm_id``: its resource's id, "" for a system-assigned one. ``principal``: its object id, "" if unknown.
    ``accounts``: its Kubernetes service accounts, if the managed cluster names them.
    """

    id: str
    name: str
    principal: str
    roles: tuple[str, ...] = ()
    arm_id: str = ""
    accounts: tuple[str, ...] = ()


Attachments = Mapping[str, tuple[HeldIdentity, ...]]
"""The identities of machines and scale sets, by their canonical ids."""


def identities_of(item: Item) -> Iterator[HeldIdentity]:
    """Yield the identities of a machine, scale set or cluster: the system-assigned one first, then user-assigned ones.

    Raises AnswerError if it has identities that the answer does not name.
    """
    identity = child(item, "identity")
    kinds = {kind.strip() for kind in word(identity, "type").split(",")}
    assigned = child(identity, "userAssignedIdentities")
    if not kinds <= _KINDS or (_ASSIGNED in kinds and not assigned):
        named = ", ".join(sorted(kinds))[:80]
        message = f"identity.type is {named!r}, but userAssignedIdentities has {len(assigned)} entries"
        raise AnswerError(message)
    principal = text(identity, "principalId")
    if principal or _OWN in kinds:
        prefix, subscription, group, _, kind, name = resource(own_id(item)).split(":", 5)
        identity_id = f"{prefix}:{subscription}:{group}:microsoft.managedidentity:identities:{kind}/{name}"
        yield HeldIdentity(identity_id, f"{name_of(own_id(item))} (system-assigned)", principal.lower())
    for arm_id in sorted(assigned, key=str.lower):
        yield _assigned(arm_id, text(child(assigned, arm_id), "principalId"))


def _assigned(arm_id: str, principal: str) -> HeldIdentity:
    return HeldIdentity(resource(arm_id), name_of(arm_id), principal.lower(), arm_id=canonical(arm_id))


def attachments(api: Api, items: Iterable[Item], *, hides: tuple[FactKind, ...] = HIDES) -> Attachments:
    """Return the identities of machines and scale sets."""
    call = calls.LIST_MACHINES
    pairs = api.mapped(call, items, lambda item: (own_id(item), tuple(identities_of(item))), hides=hides)
    return {arm_id: identities for arm_id, identities in pairs if identities}


def known(holding: _Holding, attached: Attachments) -> _Holding:
    """Return a host or pool with its identities."""
    names = [identity.id for identity in _identities_of(holding, attached)]
    return replace(holding, identity=names[0], further_identities=tuple(names[1:])) if names else holding


def _identities_of(member: Host | Pool, attached: Attachments) -> tuple[HeldIdentity, ...]:
    """Return the identities of a host or pool. Members of a uniform scale set have those of their scale set."""
    places = (member.id, member.pool) if isinstance(member, Host) else (member.id,)
    return next((attached[place] for place in places if place in attached), ())


def held_by_machines(hosts: Iterable[Host], pools: Iterable[Pool], attached: Attachments) -> Iterator[HeldIdentity]:
    """Yield the identities of machines, with the roles of the hosts and pools that hold them."""
    for member in chain[Host | Pool](hosts, pools):
        for identity in _identities_of(member, attached):
            yield replace(identity, roles=tuple(map(str, member.roles)))


def held_by_cluster(item: Item) -> Iterator[HeldIdentity]:
    """Yield the identities of a managed cluster: its own, its kubelets', those of its add-ons.

    Its service principal is only known by its application id.
    """
    properties = child(item, "properties")
    for identity in identities_of(item):
        yield replace(identity, roles=(CLUSTER,))
    application = text(child(properties, "servicePrincipalProfile"), "clientId")
    if application and application.lower() != _MANAGED:
        name = f"{CONTROL}:-:-:microsoft.graph:serviceprincipals:{application.lower()}"
        yield HeldIdentity(name, f"service principal {application}", "", (CLUSTER, NODE))
    profile = child(properties, "identityProfile")
    for name in profile:
        yield from identity_of(child(profile, name), (NODE,) if name.lower() == KUBELET else (CLUSTER,))
    addons = child(properties, "addonProfiles")
    for name in addons:
        yield from identity_of(child(addons, name, "identity"), (SERVICE_ACCOUNT,), (f"kube-system:{name.lower()}",))
    routing = child(properties, "ingressProfile", "webAppRouting", "identity")
    yield from identity_of(routing, (SERVICE_ACCOUNT,), ("app-routing-system:webapprouting",))
    for pod in children(child(properties, "podIdentityProfile"), "userAssignedIdentities"):
        account = f"{required(pod, 'namespace')}:{required(pod, 'name')}"
        yield from identity_of(child(pod, "identity"), (SERVICE_ACCOUNT,), (account,))


def identity_of(identity: Item, roles: tuple[str, ...], accounts: tuple[str, ...] = ()) -> Iterator[HeldIdentity]:
    """Yield the identity that a managed cluster refers to, with the ``roles`` of its users; none for an empty item."""
    if identity:
        assigned = _assigned(required(identity, "resourceId"), text(identity, "objectId"))
        yield replace(assigned, roles=roles, accounts=accounts)


def united(by_cluster: Iterable[HeldIdentity], by_others: Iterable[HeldIdentity]) -> dict[str, HeldIdentity]:
    """Return identities by id, each with all facts that are known of it.

    An identity that a managed cluster lists as an add-on's is not a node's, although nodes hold it for the add-on's
    pods.
    """
    known = dict[str, HeldIdentity]()
    for identity in by_cluster:
        known[identity.id] = _joined(known.get(identity.id), identity)
    addons = {identity.id for identity in known.values() if identity.roles == (SERVICE_ACCOUNT,)}
    for identity in by_others:
        known[identity.id] = _joined(
            known.get(identity.id), replace(identity, roles=()) if identity.id in addons else identity
        )
    return known


def _joined(known: HeldIdentity | None, identity: HeldIdentity) -> HeldIdentity:
    if known is None:
        return identity
    return replace(
        known,
        principal=known.principal or identity.principal,
        roles=tuple(sorted({*known.roles, *identity.roles})),
        accounts=tuple(dict.fromkeys((*known.accounts, *identity.accounts))),
    )

"""Identity bindings of AKS: identities that service accounts of the cluster use, without a credential for its issuer.

Roles of Kubernetes decide which service accounts may use the identity. AKS keeps one issuer for each identity, which
all bindings of the identity share: https://learn.microsoft.com/azure/aks/identity-bindings-concepts.
"""

from __future__ import annotations

from cloudguard.model.cluster import Strength
from cloudguard.model.identity import SERVICE_ACCOUNT, IdentityProvider
from cloudguard.model.source import Source
from cloudguard.provider.answers import Item, child, required, text
from cloudguard.values import dataclass
from cloudguard_azure.access.api import Api
from cloudguard_azure.access.calls import LIST_IDENTITY_BINDINGS
from cloudguard_azure.access.ids import own_id, place
from cloudguard_azure.identity.federation import ANY
from cloudguard_azure.identity.holders import HIDES, HeldIdentity, identity_of


@dataclass(frozen=True, slots=True)
class Binding:
    """An identity binding. ``issuer``: the issuer of the tokens that AKS exchanges for it ("": unknown)."""

    id: str
    identity: HeldIdentity
    issuer: str

    @property
    def provider(self) -> IdentityProvider:
        """The issuer as one of the cluster's own."""
        return IdentityProvider(self.issuer, Strength.STRONG, Source(LIST_IDENTITY_BINDINGS.name, self.id))


def read_bindings(api: Api, cluster: Item) -> tuple[Binding, ...]:
    """Return the identity bindings of a managed cluster."""
    call, name = LIST_IDENTITY_BINDINGS, own_id(cluster)
    return api.listed(call, _binding, hides=HIDES, about=name, **place(name, "resource_name"))


def _binding(item: Item) -> Binding:
    inside = child(item, "properties")
    managed = child(inside, "managedIdentity")
    required(managed, "resourceId")
    (bound,) = identity_of(managed, (SERVICE_ACCOUNT,), (ANY,))
    return Binding(own_id(item), bound, text(child(inside, "oidcIssuer"), "oidcIssuerUrl").rstrip("/"))

"""Services of Azure, and interfaces of other subscriptions, in the subnets of the cluster's hosts.

Lists of interfaces do not show them: the subnet does
(https://learn.microsoft.com/azure/virtual-network/virtual-network-for-azure-services).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from cloudguard.model.network import Interface
from cloudguard.model.source import FactKind, Reason, Source
from cloudguard.provider.answers import Item, child, text
from cloudguard_azure.access.api import Api
from cloudguard_azure.access.calls import LIST_NETWORKS
from cloudguard_azure.access.ids import ids_in, parts, subscription_of, word
from cloudguard_azure.network.subnets import VirtualSubnet

_HIDES: Final = (FactKind.MEMBERS,)
_LINKS: Final = ("serviceAssociationLinks", "resourceNavigationLinks")
_PARTS: Final = ("ipConfigurationProfiles", "applicationGatewayIPConfigurations")
_OF_AKS: Final = "microsoft.containerservice/"
"""Links of AKS' own, for the pods of a delegated subnet."""
_INTERFACES: Final = "/networkinterfaces/"


def services_in(api: Api, subnets: Iterable[VirtualSubnet]) -> Iterator[Interface]:
    """Yield an interface for each service or foreign interface in ``subnets``, with all addresses of its subnet.

    A subnet that other subscriptions may use leaves a Gap: their interfaces are not read.
    """
    for subnet in subnets:
        for owners in api.mapped(LIST_NETWORKS, (subnet.item,), lambda item: tuple(_owners(item)), hides=_HIDES):
            for owner in dict.fromkeys(owners):
                source = Source(LIST_NETWORKS.name, subnet.id)
                yield Interface(f"{subnet.id}#{owner}", subnet.id, (subnet.ranges,), source, owner=owner)
        if word(child(subnet.item, "properties"), "sharingScope") not in {"", "none"}:
            why = "other subscriptions may use this subnet, and their interfaces are not read"
            api.missed(LIST_NETWORKS, subnet.id, why, _HIDES, Reason.UNSUPPORTED)


def _owners(item: Item) -> Iterator[str]:
    """Yield the services of a subnet, and the interfaces of other subscriptions in it."""
    inside, own = child(item, "properties"), subscription_of(text(item, "id"))
    kinds = (text(link, "linkedResourceType") or "a service" for link in parts(inside, *_LINKS))
    yield from (kind for kind in kinds if not kind.lower().startswith(_OF_AKS))
    yield from (name for key in _PARTS for name in ids_in(inside, key))
    for name in ids_in(inside, "ipConfigurations"):
        if subscription_of(name) != own and _INTERFACES in name:
            yield name.partition("/ipconfigurations/")[0]

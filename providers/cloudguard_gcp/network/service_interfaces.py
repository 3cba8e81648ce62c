"""Interfaces that services have in the cluster's networks: of serverless workloads, and of network attachments.

No list of instances has them. Cloud Run reserves blocks of addresses for its workloads in a subnet
(https://cloud.google.com/run/docs/configuring/vpc-direct-vpc). A network attachment lets machines of other projects
have an interface in a subnet. Rules apply to these machines by their network tags, which their owners choose
(https://cloud.google.com/vpc/docs/configure-security-network-attachments).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import replace
from functools import partial
from typing import Final

from cloudguard.model.network import Interface
from cloudguard.model.source import FactKind, Source
from cloudguard.packet_sets.addresses import AddressSet
from cloudguard.provider.answers import Item, children, number, required, text, texts
from cloudguard.values import dataclass
from cloudguard_gcp.access.api import Api
from cloudguard_gcp.access.calls import LIST_ADDRESSES, LIST_NETWORK_ATTACHMENTS
from cloudguard_gcp.access.links import last, link_in, required_link, short

_SERVERLESS: Final = "SERVERLESS"
_NOT_SENDING: Final = frozenset(
    {
        *("DNS_RESOLVER", "GCE_ENDPOINT", "IPSEC_INTERCONNECT", "NAT_AUTO", "PRIVATE_SERVICE_CONNECT"),
        *("PASSTHROUGH_LOAD_BALANCER_AVAILABILITY_GROUP0", "PASSTHROUGH_LOAD_BALANCER_AVAILABILITY_GROUP1"),
        *("SHARED_LOADBALANCER_VIP", "VPC_PEERING"),
    }
)
"""Purposes of addresses that a machine in a list has, that no connection is opened from, or that are in no subnet
(https://cloud.google.com/compute/docs/reference/rest/v1/addresses).
"""
_CONNECTED: Final = {"ACCEPTED": True, "CLOSED": False, "PENDING": False, "REJECTED": False, "RESERVED": False}
"""https://cloud.google.com/compute/docs/reference/rest/v1/networkAttachments"""
_AUTOMATIC: Final = "ACCEPT_AUTOMATIC"
_TAG: Final = "tag/"


@dataclass(frozen=True, slots=True)
class ServiceInterfaces:
    """The interfaces of services in the networks. ``by_attachment``: those of network attachments.

    ``known`` is False if not all of them could be read.
    """

    serverless: tuple[Interface, ...]
    by_attachment: tuple[Interface, ...]
    known: bool

    def neighbours(self, subnets: Collection[str]) -> Iterator[Interface]:
        """Yield the interfaces in some subnets."""
        return (nic for nic in (*self.serverless, *self.by_attachment) if nic.subnet in subnets)

    def members(self, named: Iterable[str]) -> Iterator[Interface]:
        """Yield the interfaces that may be in the groups of network tags among ``named``."""
        tags = tuple(sorted(name for name in named if name.startswith(_TAG)))
        for interface in self.by_attachment if tags else ():
            uncertain = interface.uncertain or f"{interface.owner} chooses the network tags of its machines"
            yield replace(interface, groups=tags, uncertain=uncertain)


def read_service_interfaces(
    api: Api, projects: Iterable[str], networks: Collection[str], ranges: Mapping[str, AddressSet]
) -> ServiceInterfaces:
    """Read the interfaces of services in ``networks``. ``ranges``: map of a subnet's id → its addresses."""
    reserved, attached, known = list[Interface](), list[Interface](), True
    for project in projects:
        for call, hides, make, into in (
            (LIST_ADDRESSES, (), partial(_serverless, ranges), reserved),
            (LIST_NETWORK_ATTACHMENTS, (FactKind.MEMBERS,), partial(_attachment, networks, ranges), attached),
        ):
            listed = api.read_or_none(call, hides=hides, project=project)
            found = api.mapped(call, listed or (), make, hides=hides)
            known = known and listed is not None and len(found) == len(listed)
            into += [interface for interfaces in found for interface in interfaces]
    return ServiceInterfaces(tuple(reserved), tuple(attached), known)


def _serverless(subnets: Collection[str], item: Item) -> tuple[Interface, ...]:
    """Return the interface that stands for a block of addresses of serverless workloads; none for other addresses."""
    subnet, purpose = link_in(item, "subnetwork"), text(item, "purpose")
    if subnet not in subnets or purpose in _NOT_SENDING or not purpose:
        return ()
    name, known = required(item, "name"), purpose == _SERVERLESS
    length = number(item, "prefixLength", 0)
    block = AddressSet.parse(f"{required(item, 'address')}/{length}" if length else required(item, "address"))
    return (
        Interface(
            required_link(item),
            subnet,
            (block,),
            Source(LIST_ADDRESSES.name, name),
            owner=f"a serverless workload ({name})" if known else f"{purpose} ({name})",
            uncertain="" if known else f"the purpose {purpose} of an address is not known",
        ),
    )


def _attachment(networks: Collection[str], ranges: Mapping[str, AddressSet], item: Item) -> tuple[Interface, ...]:
    """Return the interfaces of a network attachment in one of ``networks``.

    If it accepts everyone, one more interface stands for those who may connect by it.
    """
    if link_in(item, "network") not in networks:
        return ()
    name, source = required_link(item), Source(LIST_NETWORK_ATTACHMENTS.name, last(required_link(item)))
    endpoints = children(item, "connectionEndpoints")
    found = [
        _endpoint(name, source, endpoint) for endpoint in endpoints if _CONNECTED.get(text(endpoint, "status"), True)
    ]
    if text(item, "connectionPreference") == _AUTOMATIC:
        why = f"the network attachment {last(name)} accepts any project"
        for subnet in map(short, texts(item, "subnetworks")):
            addresses = tuple(filter(None, [ranges.get(subnet)]))
            found.append(Interface(f"{name}#{subnet}", subnet, addresses, source, owner="any project", uncertain=why))
    return tuple(found)


def _endpoint(name: str, source: Source, endpoint: Item) -> Interface:
    project, address = text(endpoint, "projectIdOrNum") or "unknown", text(endpoint, "ipAddress")
    own = (address, text(endpoint, "ipv6Address"), *texts(endpoint, "secondaryIpCidrRanges"))
    sure = text(endpoint, "status") in _CONNECTED
    return Interface(
        f"{name}#{address or project}",
        link_in(endpoint, "subnetwork"),
        tuple(map(AddressSet.parse, filter(None, own))),
        source,
        owner=f"project {project} by the network attachment {last(name)}",
        uncertain="" if sure else f"the state of its connection by the network attachment {last(name)} is not known",
    )

"""The words for addresses in rules: addresses, ranges and service tags. Some tags differ between networks.

https://learn.microsoft.com/azure/virtual-network/service-tags-overview
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Final

from cloudguard.intervals import cidr_interval
from cloudguard.model.filters import AddressList, Peer
from cloudguard.model.source import FactKind
from cloudguard.packet_sets.addresses import PUBLIC, AddressSet
from cloudguard.provider.answers import Item, child, children, required, texts
from cloudguard.values import dataclass
from cloudguard_azure.access.api import Api
from cloudguard_azure.access.calls import LIST_NETWORKS, LIST_SERVICE_TAGS, Call

HOST: Final = AddressSet.parse("168.63.129.16")
"""The virtual address of the Azure host under each machine. It sends health probes, and nobody else can send from it
(https://learn.microsoft.com/azure/virtual-network/what-is-ip-address-168-63-129-16).
"""
EVERYWHERE: Final = AddressSet.everything()
_ANY: Final = frozenset({"*", "any"})
_HIDES: Final = (FactKind.ADDRESS_LISTS,)
UNKNOWN_PREFIXES: Final = (
    "it is not known whether VirtualNetwork includes the prefixes of user-defined routes and gateways"
)


@dataclass(frozen=True, slots=True)
class Place:
    """The place of a filter, for tags that differ between networks: a network, and its addresses with its peers'.

    VirtualNetwork also includes the host's own address (https://github.com/MicrosoftDocs/azure-docs/issues/32725).
    ``maybe``: further addresses that VirtualNetwork may include: prefixes of the subnet's user-defined routes, also of
    the default route (https://github.com/MicrosoftDocs/azure-docs/issues/22178), and addresses behind gateways.
    """

    network: str
    inside: AddressSet
    maybe: AddressSet


@dataclass(frozen=True, slots=True)
class Named:
    """The meaning of a word in a rule: ``addresses``, None if unknown. ``tag``: the id of their list, or "".

    ``uncertain``: why it is unknown whether the rule includes these addresses ("": it does).
    """

    addresses: AddressSet | None
    tag: str = ""
    uncertain: str = ""

    @property
    def peer(self) -> Peer:
        """The addresses as the peer of a rule."""
        return Peer(address_list=self.tag) if self.tag else Peer(self.addresses)


class ServiceTags:
    """Resolves the words of rules. ``lists``: the tags used so far. ``location``: any region knows all tags."""

    def __init__(self, api: Api, location: str) -> None:
        self._api = api
        self._location = location
        self.lists: dict[str, AddressList] = {}

    def named(self, written: str, place: Place) -> Iterator[Named]:
        """Yield the meaning of a word at a place. An unknown tag may be anything."""
        name = written.strip().lower()
        if name in _ANY:
            yield Named(EVERYWHERE)
        elif name == "virtualnetwork":
            yield self._tag(f"VirtualNetwork of {place.network}", place.inside)
            yield self._tag("AzureLoadBalancer", HOST)
            beyond = place.maybe - place.inside
            if beyond:
                yield Named(beyond, uncertain=UNKNOWN_PREFIXES)
        elif name == "internet":
            near = PUBLIC & place.inside
            yield self._tag(f"Internet without {place.network}" if near else "Internet", PUBLIC - place.inside - HOST)
        elif name == "azureloadbalancer":
            yield self._tag("AzureLoadBalancer", HOST)
        else:
            addresses = addresses_of(written)
            yield Named(addresses) if addresses is not None else self._other(written.strip())

    def list_of(self, written: str) -> str:
        """Return the id of the address list of a tag that is the same in all networks."""
        return self._other(written.strip()).tag

    def _other(self, written: str) -> Named:
        name, addresses = self._known.get(written.lower(), (written, None))
        return self._tag(name, addresses, LIST_SERVICE_TAGS)

    def _tag(self, name: str, addresses: AddressSet | None, call: Call = LIST_NETWORKS) -> Named:
        ranges = () if addresses is None else (addresses,)
        self.lists[name] = AddressList(name, name, ranges, addresses is not None, self._api.source(call))
        return Named(addresses, name)

    @cached_property
    def _known(self) -> Mapping[str, tuple[str, AddressSet]]:
        """The tags that are the same in all networks, by name in lower case. They are read when a rule names one."""
        call = LIST_SERVICE_TAGS
        answers = self._api.read(call, hides=_HIDES, about=self._location, location=self._location)
        listed = self._api.mapped(call, answers, lambda answer: children(answer, "values"), hides=_HIDES)
        tags = self._api.mapped(call, [value for values in listed for value in values], _tag, hides=_HIDES)
        return {name.lower(): (name, addresses) for name, addresses in tags}


def _tag(item: Item) -> tuple[str, AddressSet]:
    return required(item, "name"), AddressSet.of(texts(child(item, "properties"), "addressPrefixes"))


def addresses_of(written: str) -> AddressSet | None:
    """Return the addresses of a range, with or without host bits; None if the text is not a range."""
    try:
        return AddressSet((cidr_interval(written.strip(), host_bits=True),))
    except ValueError:
        return None

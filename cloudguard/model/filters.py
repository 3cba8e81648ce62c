"""Filters as a cloud describes them (security groups, network ACLs, firewall policies), and peers of their rules."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Final

from cloudguard.model.owner import Owner
from cloudguard.model.source import Source
from cloudguard.model.text_forms import NO_ADDRESSES, Addresses, Ranges, Services, TextForm, read_addresses
from cloudguard.packet_sets.addresses import AddressSet
from cloudguard.values import dataclass


class Direction(StrEnum):
    """The direction of traffic, seen from the interface, subnet or balancer that the filter guards."""

    INGRESS = "ingress"
    EGRESS = "egress"


class Action(StrEnum):
    """The action of a rule on a packet that it matches."""

    PERMIT = "permit"
    DENY = "deny"
    NEXT = "next"
    """Skips the later rules of its filter, so that the next filter of the chain decides."""


class PeerKind(StrEnum):
    """The kind of a rule's peer."""

    RANGE = "range"
    GROUP = "group"
    ADDRESS_LIST = "address-list"


@dataclass(frozen=True, slots=True)
class Peer:
    """The peer of a rule: ``addresses``, the members of ``group`` (id), or the entries of ``address_list`` (id).

    Exactly one of them is given. Raises ValueError otherwise.
    """

    addresses: AddressSet | None = None
    group: str = ""
    address_list: str = ""

    def __post_init__(self) -> None:
        if (self.addresses is not None) + bool(self.group) + bool(self.address_list) != 1:
            message = "a peer is either addresses, a group or an address list"
            raise ValueError(message)

    @property
    def kind(self) -> PeerKind:
        """The kind of the peer."""
        if self.group:
            return PeerKind.GROUP
        return PeerKind.ADDRESS_LIST if self.address_list else PeerKind.RANGE

    def __str__(self) -> str:
        return self.group or self.address_list or ",".join((self.addresses or NO_ADDRESSES).cidrs())


@dataclass(frozen=True, slots=True)
class _PeerText:
    """The form of a peer in a snapshot file."""

    kind: PeerKind
    value: str


def _read_peer(text: _PeerText) -> Peer:
    if text.kind is PeerKind.RANGE:
        return Peer(read_addresses(text.value))
    return Peer(group=text.value) if text.kind is PeerKind.GROUP else Peer(address_list=text.value)


def _write_peer(peer: Peer) -> dict[str, str]:
    return {"kind": peer.kind, "value": str(peer)}


PEER_FORM: Final = TextForm(_PeerText, _read_peer, _write_peer)


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule of a filter. ``order`` is its rank in an ordered filter, the lowest first.

    ``target_groups``: the rule applies only to interfaces in one of these groups (empty: to all). ``target_ranges``:
    it applies only to packets to (or from) these addresses of the guarded side (empty: to all). ``uncertain``: why its
    match is not exact ("": it is exact). ``written_by``: the program that wrote it (None: a person, as far as is
    known). ``provider_mandated``: the provider wrote it, and no setting of the cluster changes it.
    """

    id: str
    direction: Direction
    action: Action
    services: Services
    peer: Annotated[Peer, PEER_FORM]
    source: Source
    order: int = 0
    description: str = ""
    target_groups: tuple[str, ...] = ()
    target_ranges: Ranges = NO_ADDRESSES
    uncertain: str = ""
    written_by: Owner | None = None
    provider_mandated: bool = False


@dataclass(frozen=True, slots=True)
class Filter:
    """A named list of rules. Traffic that no rule decides is denied. ``in_chain``: the next filter decides it.

    ``in_series``: the filter is one of a chain whose filters must all permit. Traffic that it permits goes to the next
    filter, or passes if the filter is the last. Traffic that it does not permit is denied.
    ``stateful``: replies are allowed automatically. ``written_by``: the program that writes it (None: a person).
    ``editable`` is false if the cloud or a controller writes it and would undo an edit. A change is then proposed only
    if ``written_by`` is set.
    """

    id: str
    name: str
    kind: str
    rules: tuple[Rule, ...]
    source: Source
    ordered: bool = False
    stateful: bool = True
    editable: bool = True
    written_by: Owner | None = None
    in_chain: bool = False
    in_series: bool = False


@dataclass(frozen=True, slots=True)
class Group:
    """A group that rules may name as a peer: a security group, network tag or service account.

    ``members_known`` is false if its members cannot be listed, because it is another account's group. ``owner`` is
    that account.
    """

    id: str
    name: str
    source: Source
    members_known: bool = True
    owner: str = ""


@dataclass(frozen=True, slots=True)
class AddressList:
    """A named list of ranges, one for each entry. ``known`` is false if its entries could not be read."""

    id: str
    name: str
    ranges: tuple[Addresses, ...]
    known: bool
    source: Source

"""Filters as a cloud describes them: security groups, network ACLs, firewall policies, and what their rules name."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Final

from cloudguard.model.owner import Owner
from cloudguard.model.source import Source
from cloudguard.model.text_forms import NO_ADDRESSES, Addresses, Ranges, Services, TextForm, read_addresses
from cloudguard.packet_sets.addresses import AddressSet


class Direction(StrEnum):
    """Seen from the interface, subnet or balancer that the filter guards."""

    INGRESS = "ingress"
    EGRESS = "egress"


class Action(StrEnum):
    """What a rule does to a packet that it matches."""

    PERMIT = "permit"
    DENY = "deny"
    NEXT = "next"
    """Skips the later rules of its filter: the next filter of the chain decides."""


class PeerKind(StrEnum):
    """What names the other end of a rule."""

    RANGE = "range"
    GROUP = "group"
    ADDRESS_LIST = "address-list"


@dataclass(frozen=True, slots=True)
class Peer:
    """The other end of a rule: ``addresses``, the members of ``group``, or the entries of ``address_list`` (ids).

    Exactly one of them is given; raises ValueError otherwise.
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
        """Which of the three it is."""
        if self.group:
            return PeerKind.GROUP
        return PeerKind.ADDRESS_LIST if self.address_list else PeerKind.RANGE

    def __str__(self) -> str:
        return self.group or self.address_list or ",".join((self.addresses or NO_ADDRESSES).cidrs())


@dataclass(frozen=True, slots=True)
class _PeerText:
    """A peer in a snapshot file."""

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
    """One rule of a filter; ``order`` ranks the rules of an ordered filter (lowest first).

    ``target_groups``: it applies only to interfaces in one of these groups (empty: to all). ``target_ranges``: only to
    packets to (or from) these addresses of the guarded side (empty: all). ``uncertain``: why its match is not exact
    ("": it is). ``written_by``: the program that wrote it (None: a person, as far as is known); ``provider_mandated``:
    it is the provider, and no setting of the cluster changes it.
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
    """A named list of rules. What no rule decides is denied, or, ``in_chain``, left to the next filter.

    ``in_series``: one of a chain that must all permit. What it permits is left to the next filter, or passes where it
    is the last; what it does not is denied.
    ``stateful``: replies pass by themselves. ``written_by``: the program that writes it (None: a person).
    ``editable`` is false where that is the cloud or a controller, which would restore it; without ``written_by`` no
    change is proposed.
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

    ``members_known`` is false when its members cannot be listed (another account's group); ``owner`` is that account.
    """

    id: str
    name: str
    source: Source
    members_known: bool = True
    owner: str = ""


@dataclass(frozen=True, slots=True)
class AddressList:
    """A named list of ranges, one an entry; ``known`` is false when its entries could not be read."""

    id: str
    name: str
    ranges: tuple[Addresses, ...]
    known: bool
    source: Source

"""Who may send: the internet, a network from inside, what is routed to it, carriers of a group, the cluster's hosts."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from cloudguard.model.network import Interface
from cloudguard.packet_sets.addresses import AddressSet
from cloudguard.packet_sets.bounds import Bounds
from cloudguard.packet_sets.packets import PacketSet
from cloudguard.reachability.host_classes import HostClass


class SenderKind(StrEnum):
    """What the senders have in common."""

    INTERNET = "internet"
    NETWORK = "network"
    """Anyone with an address inside the target's own network."""
    ROUTED = "routed"
    """Peered networks, hubs and VPNs that the target's segment has a route to."""
    GROUP = "group"
    """Interfaces outside the cluster that carry a group which a rule names."""
    HOSTS = "hosts"
    """A class of the cluster's own hosts."""


@dataclass(frozen=True, eq=False)
class Sender:
    """Senders. ``name`` in words; ``sure`` is false when it is not known that any exist.

    ``labels`` are the groups they carry, ``example`` an id or address of one of them ("" for whole ranges).
    """

    kind: SenderKind
    name: str
    addresses: AddressSet
    groups: tuple[str, ...] = ()
    example: str = ""
    exact: bool = True
    hosts: HostClass | None = None
    external_members: tuple[Interface, ...] = ()

    def bounded(self, granted: Bounds) -> Bounds:
        """Return what they are granted, in doubt where it is not known that any exist."""
        return granted if self.exact else Bounds(PacketSet.nothing(), granted.upper)

    @property
    def inside(self) -> bool:
        """Whether they need not come from the internet."""
        return self.kind is not SenderKind.INTERNET

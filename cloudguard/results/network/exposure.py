"""Exposure: who outside a cluster can connect to which services of its hosts."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

ENDPOINT: Final = "managed endpoint"
"""What stands for the roles of a managed control plane."""


class Widest(StrEnum):
    """The widest of those who can connect to a service."""

    INTERNET = "internet"
    """Everyone, or nearly."""
    PUBLIC = "public"
    """Some public addresses."""
    INSIDE = "inside"
    """Others of the same network, or of networks and groups that are connected to it."""
    NOBODY = "nobody"
    """Nobody but the cluster itself."""


@dataclass(frozen=True, slots=True)
class ServiceExposure:
    """Who can connect to one kind of service ("kubelet") on the ports ``services`` ("tcp/10250,tcp/10255").

    ``senders`` are those who certainly can, in words, with the balancers that they come by in ``by``. ``possible``:
    wider than ``widest`` where it is not known whether someone wider can (None: it is known).
    """

    name: str
    services: str
    widest: Widest
    senders: tuple[str, ...] = ()
    by: tuple[str, ...] = ()
    possible: Widest | None = None


@dataclass(frozen=True, slots=True)
class HostExposure:
    """Hosts with the same roles ("control-plane+etcd") that the same senders can connect to, and how many they are.

    Of a managed endpoint ``roles`` is ``ENDPOINT``, and the number 0, as of a pool's next host. ``example`` is the id
    of one host, pool or endpoint.
    """

    roles: str
    count: int
    example: str
    services: tuple[ServiceExposure, ...]

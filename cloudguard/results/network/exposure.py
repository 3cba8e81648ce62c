"""Exposure: who outside a cluster can connect to which services of its hosts."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from cloudguard.values import dataclass

ENDPOINT: Final = "managed endpoint"
"""The text in place of roles for a managed control plane's endpoint."""


class Widest(StrEnum):
    """The widest sender that can connect to a service."""

    INTERNET = "internet"
    """Everyone, or almost everyone."""
    PUBLIC = "public"
    """Some public addresses."""
    INSIDE = "inside"
    """Others in the same network, or in networks and groups that are connected to it."""
    NOBODY = "nobody"
    """Only the cluster itself."""


@dataclass(frozen=True, slots=True)
class ServiceExposure:
    """Who can connect to one kind of service ("kubelet") on the ports ``services`` ("tcp/10250,tcp/10255").

    ``senders`` are texts for the senders that certainly can, and ``by`` are the names of the balancers that they use.
    ``possible`` is wider than ``widest`` if it is unknown whether a wider sender can connect (None: it is known).
    """

    name: str
    services: str
    widest: Widest
    senders: tuple[str, ...] = ()
    by: tuple[str, ...] = ()
    possible: Widest | None = None


@dataclass(frozen=True, slots=True)
class HostExposure:
    """Hosts with the same roles ("control-plane+etcd") and the same exposure. ``count`` is their number.

    For a managed endpoint ``roles`` is ``ENDPOINT``. For an endpoint and for a pool's next host ``count`` is 0.
    ``example`` is the id of one host, pool or endpoint.
    """

    roles: str
    count: int
    example: str
    services: tuple[ServiceExposure, ...]

"""Ways in: how a cloud lets one come to a host, a load balancer, a managed endpoint or a copy of etcd's data."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Entered(StrEnum):
    """What a way in leads to."""

    HOST = "host"
    BALANCER = "balancer"
    ENDPOINT = "endpoint"
    """A managed control plane's endpoint."""
    COPY = "copy"
    """What holds etcd's data beside the disks of its hosts."""


class WayState(StrEnum):
    """Whether an adapter knows if packets come by a way in."""

    ASKED = "asked"
    SHUT = "shut"
    NOT_ASKED = "not asked"


@dataclass(frozen=True, slots=True)
class WayIn:
    """A way by which packets of a cloud can reach what it ``leads_to``; ``source`` is the address of its documentation.

    It is asked for by ``calls`` (their names), or ``shut_by`` a property of the service or a setting.
    Without either it is not asked for; ``would_help`` then names the permission or flag that would tell ("": none
    does), and ``pointer`` the answer that points to it where it is in use: such an answer is a Gap.
    """

    id: str
    name: str
    leads_to: tuple[Entered, ...]
    source: str
    calls: tuple[str, ...] = ()
    shut_by: str = ""
    would_help: str = ""
    pointer: str = ""

    @property
    def state(self) -> WayState:
        """Whether it is asked for, shut or not asked for."""
        if self.calls:
            return WayState.ASKED
        return WayState.SHUT if self.shut_by else WayState.NOT_ASKED

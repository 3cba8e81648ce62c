"""Ways in: the entrances that a cloud offers to hosts, load balancers, managed endpoints and copies of etcd's data."""

from __future__ import annotations

from enum import StrEnum

from cloudguard.values import dataclass


class WayInTarget(StrEnum):
    """The kind of target of a way in."""

    HOST = "host"
    BALANCER = "balancer"
    ENDPOINT = "endpoint"
    """A managed control plane's endpoint."""
    COPY = "copy"
    """Storage of etcd's data other than the disks of its hosts."""


class WayState(StrEnum):
    """The state of a way in: an adapter asks for it, it is shut, or the adapter does not ask for it."""

    ASKED = "asked"
    SHUT = "shut"
    NOT_ASKED = "not asked"


@dataclass(frozen=True, slots=True)
class WayIn:
    """A way in to the targets in ``leads_to``. ``source`` is the URL of its documentation.

    It is asked for by API ``calls`` (their names), or it is ``shut_by`` a property of the service or a setting. If both
    are empty, it is not asked for. Then ``would_help`` names the permission or flag that would allow it ("": none), and
    ``pointer`` names the response that shows that it is in use. Such a response becomes a gap, or leaves what the way
    can reach undecided.
    """

    id: str
    name: str
    leads_to: tuple[WayInTarget, ...]
    source: str
    calls: tuple[str, ...] = ()
    shut_by: str = ""
    would_help: str = ""
    pointer: str = ""

    @property
    def state(self) -> WayState:
        """The state of the way in: asked for, shut or not asked for."""
        if self.calls:
            return WayState.ASKED
        return WayState.SHUT if self.shut_by else WayState.NOT_ASKED

"""The shapes of the types in ``cloudguard/comparison/v1``."""

from __future__ import annotations

from operator import attrgetter
from typing import Final, Literal

from cloudguard.formats.contract.document import Shape, Shapes, computed
from cloudguard.results.comparison import AccessChange, Comparison, PermissionChange, TrafficChange
from cloudguard.values import dataclass


@dataclass(frozen=True, slots=True)
class Packets:
    """The addresses of the sender ("": the addresses of its hosts), and the services at the target."""

    addresses: str
    services: str


def _opened_access(comparison: Comparison) -> tuple[AccessChange, ...] | None:
    return comparison.access.opened if comparison.access else None


def _closed(comparison: Comparison) -> tuple[AccessChange, ...] | None:
    return comparison.access.closed if comparison.access else None


def _undecided(comparison: Comparison) -> tuple[str, ...] | None:
    return comparison.access.undecided if comparison.access else None


def _packets(change: TrafficChange) -> tuple[Packets, ...]:
    return tuple(Packets(addresses, services) for addresses, services in change.packets)


def _traffic(change: TrafficChange) -> str:
    del change
    return "traffic"


def _permissions(change: PermissionChange) -> str:
    del change
    return "permissions"


COMPARISON_SHAPES: Final[Shapes] = {
    Comparison: Shape(
        left_out=frozenset({"access"}),
        members={
            "schema": computed(Literal["cloudguard/comparison/v1"], attrgetter("schema")),
            "opened": computed(tuple[AccessChange, ...] | None, _opened_access),
            "closed": computed(tuple[AccessChange, ...] | None, _closed),
            "undecided": computed(tuple[str, ...] | None, _undecided),
        },
        first=("schema", "cluster", "old", "new", "opened", "closed", "undecided"),
    ),
    TrafficChange: Shape(
        members={"kind": computed(Literal["traffic"], _traffic), "packets": computed(tuple[Packets, ...], _packets)},
        first=("kind",),
    ),
    PermissionChange: Shape(members={"kind": computed(Literal["permissions"], _permissions)}, first=("kind",)),
}

"""What is different between two snapshots, or two reports, of one cluster."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

SCHEMA = "cloudguard/comparison/v1"


@dataclass(frozen=True, slots=True)
class TrafficChange:
    """Packets that ``sender`` could get through to ``target`` at one time only.

    ``packets``: addresses of the sender ("": those of its hosts) with the services at the target, disjoint.
    """

    sender: str
    target: str
    packets: tuple[tuple[str, str], ...]
    witness: str


@dataclass(frozen=True, slots=True)
class PermissionChange:
    """Requests that ``identity`` could make at one time only: their actions, and one of them."""

    identity: str
    name: str
    actions: str
    witness: str


AccessChange = TrafficChange | PermissionChange


@dataclass(frozen=True, slots=True)
class AccessChanges:
    """What opened, what closed, and what may have done either, as far as was read at either time."""

    opened: tuple[AccessChange, ...] = ()
    closed: tuple[AccessChange, ...] = ()
    undecided: tuple[str, ...] = ()


class Fate(StrEnum):
    """What became of a finding."""

    NEW = "new"
    UNCHANGED = "unchanged"
    FIXED = "fixed"
    NOT_VISIBLE = "no longer visible"
    """It is not found any more, but not all that it rests on was read, asked for and judged alike."""


@dataclass(frozen=True, slots=True)
class FindingChange:
    """What became of a finding; ``was``: its former severity, if that is another; ``why`` it is not visible."""

    fate: Fate
    id: str
    check: str
    severity: str
    message: str
    was: str = ""
    why: str = ""


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two files compared; ``access`` None: they are not both snapshots. ``unknown``: rows that are not all known."""

    cluster: str
    old: str
    new: str
    findings: tuple[FindingChange, ...]
    unknown: tuple[str, ...] = ()
    access: AccessChanges | None = None
    schema: str = field(default=SCHEMA)

    def of_fate(self, fate: Fate) -> tuple[FindingChange, ...]:
        """Return the findings of one fate."""
        return tuple(one for one in self.findings if one.fate is fate)

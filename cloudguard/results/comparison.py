"""What is different between two snapshots, or two reports, of one cluster."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from cloudguard.results.change import Resource

SCHEMA = "cloudguard/comparison/v1"
UNNAMED: Final = Resource("", "")
"""What stands for a resource in a report that names none."""


@dataclass(frozen=True, slots=True)
class TrafficChange:
    """Packets that ``sender`` could get through to ``target`` at one time only.

    ``packets``: addresses of the sender (CIDRs with commas between them; "": those of its hosts) with the services at
    the target, disjoint.
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
    REOPENED = "reopened"
    """It was fixed before."""
    WIDER = "wider"
    """It was there before, and lets in, or allows, what it did not."""
    REPLACED = "replaced"
    """It is what another finding was, on a resource that was made anew with the same name."""
    UNCHANGED = "unchanged"
    FIXED = "fixed"
    UNCONFIRMED = "unconfirmed"
    """It is no longer visible, but not all that it rests on was read, asked for and judged alike."""


class BroughtBy(StrEnum):
    """What may have brought a new finding, other than a change of the cluster."""

    CHECK = "check"
    """The earlier run did not look for it."""
    DATA = "data"
    """The earlier run could not see it, or judged by other data: another version or declaration."""


COUNTS_AS_NEW = frozenset({Fate.NEW, Fate.REOPENED, Fate.WIDER})


@dataclass(frozen=True, slots=True)
class FindingChange:
    """What became of a finding; ``was``: its former severity, if that is another.

    ``why`` it is unconfirmed, or what brought it (``brought_by``). ``replaces``: the id of the one in whose place it
    is. ``first_seen``, ``last_seen``: when the first and the latest report with it were finished ("": not known).
    ``read``: all that it rests on was read in the later report.
    """

    fate: Fate
    id: str
    check: str
    severity: str
    message: str
    was: str = ""
    why: str = ""
    resource: Resource = UNNAMED
    brought_by: BroughtBy | None = None
    replaces: str = ""
    first_seen: str = ""
    last_seen: str = ""
    waived: bool = False
    was_waived: bool = False
    read: bool = True

    @property
    def counts_as_new(self) -> bool:
        """Whether it is new to whoever knows the earlier report: its waiver has ended, or its fate says so."""
        return not self.waived and (self.was_waived or self.fate in COUNTS_AS_NEW)


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

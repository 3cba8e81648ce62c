"""The differences between two snapshots, or two reports, of one cluster."""

from __future__ import annotations

from dataclasses import field
from enum import StrEnum
from typing import Final

from cloudguard.results.change import Resource
from cloudguard.values import dataclass

SCHEMA = "cloudguard/comparison/v1"
UNNAMED: Final = Resource("", "")
"""The placeholder for a resource, if the report does not name one."""


@dataclass(frozen=True, slots=True)
class Packets:
    """The addresses of the sender ("": the addresses of its hosts), and the services at the target.

    ``addresses`` are CIDRs separated by commas.
    """

    addresses: str
    services: str


@dataclass(frozen=True, slots=True)
class TrafficChange:
    """Disjoint ``packets`` from ``sender`` to ``target`` that were allowed at only one of the two times."""

    sender: str
    target: str
    packets: tuple[Packets, ...]
    witness: str


@dataclass(frozen=True, slots=True)
class Requests:
    """A set of requests: all ``actions`` on all ``resources``, if all ``conditions`` hold.

    ``resources`` is a pattern of names. Brackets hold a part of the name that has several patterns.
    """

    actions: str
    resources: str
    conditions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PermissionChange:
    """Requests of ``identity`` that were allowed at only one of the two times: their actions, a witness, all of them.

    ``requests`` may overlap.
    """

    identity: str
    name: str
    actions: str
    witness: str
    requests: tuple[Requests, ...] = ()


AccessChange = TrafficChange | PermissionChange


@dataclass(frozen=True, slots=True)
class AccessChanges:
    """The access that opened, the access that closed, and lines about access for which that is undecided."""

    opened: tuple[AccessChange, ...] = ()
    closed: tuple[AccessChange, ...] = ()
    undecided: tuple[str, ...] = ()


class Fate(StrEnum):
    """The fate of a finding between two reports."""

    NEW = "new"
    REOPENED = "reopened"
    """It was fixed before."""
    WIDER = "wider"
    """It existed before, and now lets in or allows more."""
    REPLACED = "replaced"
    """It takes the place of an earlier finding: the resource was replaced by a new one with the same name."""
    UNCHANGED = "unchanged"
    FIXED = "fixed"
    UNCONFIRMED = "unconfirmed"
    """It is no longer visible, but some of its facts were not read, not asked for, or judged differently."""


class BroughtBy(StrEnum):
    """The possible cause of a new finding that is not a change of the cluster."""

    CHECK = "check"
    """The earlier run did not look for it."""
    DATA = "data"
    """The earlier run could not see it, or used other data: another version or declaration."""


COUNTS_AS_NEW = frozenset({Fate.NEW, Fate.REOPENED, Fate.WIDER})


@dataclass(frozen=True, slots=True)
class FindingChange:
    """The fate of a finding. ``was`` is its earlier severity, if that was different.

    ``why`` says why the finding is unconfirmed, or which check or data brought it (``brought_by``). ``replaces`` is
    the id of the finding whose place it takes. ``first_seen`` and ``last_seen`` are the times when the first and the
    latest report with it were finished ("": unknown). ``read``: the later report read all facts that it rests on.
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
        """Whether the finding is new compared with the earlier report: by its fate, or because its waiver ended."""
        return not self.waived and (self.was_waived or self.fate in COUNTS_AS_NEW)


@dataclass(frozen=True, slots=True)
class Comparison:
    """The comparison of two files.

    ``access`` is None if they are not both snapshots. ``unknown`` are the ids of rows with unknown facts.
    """

    cluster: str
    old: str
    new: str
    findings: tuple[FindingChange, ...]
    unknown: tuple[str, ...] = ()
    access: AccessChanges | None = None
    schema: str = field(default=SCHEMA)

    def with_fate(self, fate: Fate) -> tuple[FindingChange, ...]:
        """Return the findings with the fate ``fate``."""
        return tuple(finding for finding in self.findings if finding.fate is fate)

"""Findings: problems with evidence and a witness. A finding keeps its id between runs."""

from __future__ import annotations

from enum import IntEnum, StrEnum
from hashlib import sha256

from cloudguard.model.cluster import Cluster
from cloudguard.results.change import Resource
from cloudguard.results.hop import Hop
from cloudguard.results.reference import Reference
from cloudguard.values import dataclass


class Severity(IntEnum):
    """The severity of a finding. A ``LOW`` finding is advice and leaves the row ``PASS``."""

    LOW = 1
    MEDIUM = 2
    HIGH = 3
    CRITICAL = 4

    def __str__(self) -> str:
        return self.name.lower()


@dataclass(frozen=True, slots=True)
class Evidence:
    """A fact that a finding rests on: the resource, the rule ("" if none), and the API call that read it.

    ``fact`` is the fact as text.
    """

    resource: Resource
    rule: str
    call: str
    fact: str


@dataclass(frozen=True, slots=True)
class Witness:
    """One concrete case: ``summary`` in one line, ``path`` hop by hop, ``facts`` for programs.

    For a packet, ``source`` is the sender's address, ``target`` the host or endpoint where it arrives, and ``service``
    the service there.
    """

    summary: str
    path: tuple[Hop, ...] = ()
    facts: tuple[tuple[str, str], ...] = ()
    source: str = ""
    target: str = ""
    service: str = ""


@dataclass(frozen=True, slots=True)
class Waiver:
    """Who accepted a finding, why, and until when (``expires`` is an ISO date, the last day).

    ``origin`` is the file with the waiver. ``any_width``: it holds even if the finding becomes wider.
    """

    owner: str
    reason: str
    expires: str
    origin: str = ""
    any_width: bool = False


class WaiverState(StrEnum):
    """The state of a waiver in a report."""

    ACTIVE = "active"
    """It covers findings."""
    EXPIRING = "expiring"
    """It covers findings, for a few more days."""
    EXPIRED = "expired"
    """Its last day is over, so that its findings count."""
    OUTGROWN = "outgrown"
    """One of its findings is wider than when the waiver was written, and counts."""
    UNUSED = "unused"
    """It matches no finding."""
    UNKNOWN = "unknown"
    """It matches no finding, but not everything was read, so there may be one."""


@dataclass(frozen=True, slots=True)
class WaiverUse:
    """A waiver and its state. ``number`` counts from 1 in the file ``origin``.

    ``target`` says which findings it matches: a finding's id, or a check with patterns. ``cluster`` is the pattern of
    the clusters. ``days_left`` is negative after it has expired. ``covered`` and ``uncovered`` are the ids of matching
    findings that it accepts, or does not accept. ``beyond`` says in lines how far their widths go beyond the waiver's.
    ``any_width``: it accepts findings of any width.
    """

    number: int
    origin: str
    target: str
    owner: str
    reason: str
    expires: str
    state: WaiverState
    days_left: int
    covered: tuple[str, ...] = ()
    uncovered: tuple[str, ...] = ()
    beyond: tuple[str, ...] = ()
    any_width: bool = False
    cluster: str = "*"


@dataclass(frozen=True, slots=True)
class Latent:
    """A rule that would let the internet in, although no packet can arrive today.

    ``lets`` says what the ``rule`` of ``resource`` lets in. ``barrier`` says what keeps the internet out.
    """

    resource: Resource
    rule: str
    lets: str
    barrier: str


@dataclass(frozen=True, slots=True)
class Finding:
    """One problem, on any number of hosts. Raises ValueError without evidence and a witness.

    ``width`` says in lines how wide it is: who is let in to what, which statements grant too much, or which resources
    have it. Empty: it cannot become wider.
    """

    id: str
    check: str
    severity: Severity
    resource: Resource
    message: str
    witness: Witness
    evidence: tuple[Evidence, ...]
    hosts: tuple[str, ...] = ()
    changes: tuple[str, ...] = ()
    advice: str = ""
    waived: Waiver | None = None
    references: tuple[Reference, ...] = ()
    width: tuple[str, ...] = ()
    latent: Latent | None = None

    @property
    def counts(self) -> bool:
        """Whether the finding fails its row: it is above ``LOW``, and no waiver covers it."""
        return self.severity > Severity.LOW and self.waived is None

    def __post_init__(self) -> None:
        if not self.evidence or not self.witness.summary:
            message = f"a finding of {self.check} has no evidence or no witness"
            raise ValueError(message)


def finding_id(cluster: Cluster, check: str, *parts: str) -> str:
    """Return the id that a problem keeps between runs: 12 hex digits of a hash over the parts that identify it.

    ``parts`` name resources, rules and property values. They never contain times, messages, host lists or positions in
    lists.
    """
    text = "\0".join((cluster.provider, cluster.account, ",".join(cluster.regions), cluster.name, check, *parts))
    return sha256(text.encode("utf-8", "backslashreplace")).hexdigest()[:12]

"""Findings: problems with their evidence and a witness, each under an id that it keeps from run to run."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum, StrEnum
from hashlib import sha256

from cloudguard.model.cluster import Cluster
from cloudguard.results.change import Resource
from cloudguard.results.hop import Hop
from cloudguard.results.reference import Reference


class Severity(IntEnum):
    """How bad; a ``LOW`` finding is advice and leaves the row ``PASS``."""

    LOW = 1
    MEDIUM = 2
    HIGH = 3
    CRITICAL = 4

    def __str__(self) -> str:
        return self.name.lower()


@dataclass(frozen=True, slots=True)
class Evidence:
    """A fact that a finding rests on: the resource, the rule ("" if none), the call it was read by.

    ``fact`` says it in words.
    """

    resource: Resource
    rule: str
    call: str
    fact: str


@dataclass(frozen=True, slots=True)
class Witness:
    """One concrete case: ``summary`` in a line, ``path`` hop by hop, ``facts`` for programs.

    Of a packet, ``source`` is the sender's address, ``target`` who it arrives at, ``service`` the service there.
    """

    summary: str
    path: tuple[Hop, ...] = ()
    facts: tuple[tuple[str, str], ...] = ()
    source: str = ""
    target: str = ""
    service: str = ""


@dataclass(frozen=True, slots=True)
class Waiver:
    """Who accepted a finding, why and until when (ISO date, the last day); ``origin``: the file that says so.

    ``any_width``: however much wider the finding becomes.
    """

    owner: str
    reason: str
    expires: str
    origin: str = ""
    any_width: bool = False


class WaiverState(StrEnum):
    """What became of a waiver."""

    ACTIVE = "active"
    """It covers findings."""
    EXPIRING = "expiring"
    """It covers findings, for a few more days."""
    EXPIRED = "expired"
    """Its last day is over: the findings that it is about count."""
    OUTGROWN = "outgrown"
    """A finding that it is about is wider than it was when the waiver was written, and counts."""
    UNUSED = "unused"
    """There is no such finding."""
    UNKNOWN = "unknown"
    """No such finding was seen, and not everything was read: there may be one."""


@dataclass(frozen=True, slots=True)
class WaiverUse:
    """A waiver and what became of it: ``number`` counts from 1 in the file ``origin``.

    ``target`` says what it is about: a finding's id, or a check with patterns. ``days_left`` is negative once it has
    expired. ``covered`` and ``uncovered`` are ids of findings that it is about, and that it accepts or does not;
    ``beyond`` are lines of their widths that it does not hold. ``any_width``: it covers findings however wide.
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


@dataclass(frozen=True, slots=True)
class Latent:
    """What would let the internet in, though no packet can arrive today.

    ``lets`` is what the ``rule`` of ``resource`` lets in, ``barrier`` what keeps the internet out, in words.
    """

    resource: Resource
    rule: str
    lets: str
    barrier: str


@dataclass(frozen=True, slots=True)
class Finding:
    """One problem, however many hosts have it. Refuses to exist without evidence and a witness.

    ``width`` says in lines how far it goes: who is let in to what, which statements grant too much, or which resources
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
        """Whether it fails its row: it is above ``LOW``, and nobody has accepted it."""
        return self.severity > Severity.LOW and self.waived is None

    def __post_init__(self) -> None:
        if not self.evidence or not self.witness.summary:
            message = f"a finding of {self.check} lacks its evidence or its witness"
            raise ValueError(message)


def finding_id(cluster: Cluster, check: str, *parts: str) -> str:
    """Return the id that a problem keeps from run to run: 12 hex digits over what makes it this problem.

    ``parts`` name resources, rules and property values; never times, message texts, host lists or list positions.
    """
    text = "\0".join((cluster.provider, cluster.account, ",".join(cluster.regions), cluster.name, check, *parts))
    return sha256(text.encode("utf-8", "backslashreplace")).hexdigest()[:12]

"""Findings: problems with their evidence and a witness, each under an id that it keeps from run to run."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
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
    """Who accepted a finding, why and until when (ISO date)."""

    owner: str
    reason: str
    expires: str


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

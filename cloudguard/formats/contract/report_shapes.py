"""The shapes of the types in ``cloudguard/report/v1``: how its JSON objects differ from the types in ``results``."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import starmap
from operator import attrgetter
from typing import Final, Literal, Self

from cloudguard.formats.contract.document import Member, Shape, Shapes, computed
from cloudguard.formats.contract.edit_shapes import EDIT_SHAPES
from cloudguard.formats.diff import after_lines, before_lines, documents, statement_lines
from cloudguard.formats.hops import lets_text, path_lines
from cloudguard.results.change import Change, RuleTraffic
from cloudguard.results.facts import Cluster, Disk, Host
from cloudguard.results.finding import Finding, Witness
from cloudguard.results.hop import Hop
from cloudguard.results.report import Basis, Declared, Report
from cloudguard.values import dataclass


@dataclass(frozen=True, slots=True)
class Tool:
    """The program that made the report."""

    name: str
    version: str


@dataclass(frozen=True, slots=True)
class Changes:
    """The changes that mend the findings, in the order to make them."""

    changes: tuple[Change, ...]


@dataclass(frozen=True, slots=True)
class HostCount:
    """The number of hosts with a combination of roles: "control-plane+etcd"."""

    role: str
    count: int


@dataclass(frozen=True, slots=True)
class SettingValue:
    """A setting of a part that the provider runs and the user may configure, and its value."""

    name: str
    value: str


@dataclass(frozen=True, slots=True)
class Examined:
    """The facts that were examined for a row: numbers of paths (``ways``) and of hosts by role, and ids of the rest."""

    ways: int
    hosts: tuple[HostCount, ...]
    disks: tuple[str, ...]
    identities: tuple[str, ...]
    keys: tuple[str, ...]


def tool(report: Report) -> Tool:
    """Return the name and version of the program that made a report."""
    return Tool(report.tool.partition(" ")[0], report.version)


def declarations(report: Report) -> dict[str, Declared]:
    """Return the declarations in force, by their keys."""
    return {declaration.name: declaration for declaration in report.declarations}


def _addresses(host: Host) -> list[str]:
    addresses = (each for port in host.interfaces for each in (*port.addresses, *port.public))
    return [text for each in addresses for text in each.texts()]


def _examined(basis: Basis) -> Examined:
    hosts = tuple(HostCount(role, number) for role, number in basis.hosts)
    return Examined(basis.paths, hosts, basis.disks, basis.identities, basis.keys)


@dataclass(frozen=True, slots=True)
class Subject:
    """The subject of a report's document: its findings' numbers and messages by finding id."""

    numbers: Mapping[str, int]
    messages: Mapping[str, str]

    @classmethod
    def of(cls, report: Report) -> Self:
        """Return the subject of the document of ``report``."""
        return cls(report.numbers, {finding.id: finding.message for finding in report.findings})


def _why(change: Change, subject: Subject) -> str:
    owner = f" ({change.owner})" if change.owner else ""
    return "".join(subject.messages[name] + owner for name in change.mends[:1] if name in subject.messages)


_TEXTS: Final = tuple[str, ...]
REPORT_SHAPES: Final[Shapes] = {
    **EDIT_SHAPES,
    Report: Shape(
        left_out=frozenset({"snapshot", "digest"}),
        members={
            "schema": computed(Literal["cloudguard/report/v1"], attrgetter("schema")),
            "tool": computed(Tool, tool),
            "snapshot_sha256": computed(str, attrgetter("snapshot_sha256")),
            "declarations": computed(dict[str, Declared], declarations),
            "complete": computed(bool, attrgetter("complete")),
            "plan": computed(Changes, lambda report: Changes(report.plan)),
        },
        first=("schema", "tool", "started", "finished", "snapshot_sha256", "declarations", "cluster", "complete"),
        added=frozenset({"snapshot_sha256"}),
    ),
    Declared: Shape(left_out=frozenset({"name", "origin"}), members={"from": computed(str, attrgetter("origin"))}),
    Cluster: Shape(
        left_out=frozenset({"pools", "pod_ranges", "traits"}),
        members={"region": computed(str, lambda cluster: ",".join(cluster.regions))},
        added=frozenset({"regions", "place"}),
    ),
    Host: Shape(
        left_out=frozenset({"interfaces", "metadata", "written_by"}),
        members={"addresses": computed(_TEXTS, _addresses), "evidence": computed(_TEXTS, attrgetter("evidence"))},
        added=frozenset({"source"}),
    ),
    Disk: Shape(left_out=frozenset({"written_by", "copy_fields"})),
    Basis: Shape(
        left_out=frozenset({"paths", "hosts", "disks", "identities", "keys"}),
        members={
            "examined": computed(Examined, _examined),
            "settings": computed(tuple[SettingValue, ...], lambda basis: tuple(starmap(SettingValue, basis.settings))),
        },
        first=("examined",),
    ),
    Finding: Shape(
        members={
            "number": Member(int, lambda finding, subject: subject.numbers[finding.id]),
            "severity": computed(Literal["low", "medium", "high", "critical"], lambda finding: str(finding.severity)),
        },
        first=("id", "number"),
    ),
    Witness: Shape(
        members={
            "path": computed(_TEXTS, path_lines),
            "facts": computed(dict[str, str], lambda witness: dict(witness.facts)),
            "hops": computed(tuple[Hop, ...], attrgetter("path")),
        }
    ),
    Hop: Shape(
        left_out=frozenset({"attributed"}),
        members={
            "lets": computed(str, lets_text),
            "traffic": computed(
                RuleTraffic | None, lambda hop: hop.lets if isinstance(hop.lets, RuleTraffic) else None
            ),
            "blamed": computed(bool, attrgetter("attributed")),
        },
        added=frozenset({"traffic"}),
    ),
    Change: Shape(
        members={
            "before": computed(_TEXTS, before_lines),
            "after": computed(_TEXTS, after_lines),
            "why": Member(str, _why),
            "needs_input": computed(_TEXTS, attrgetter("needs_input")),
            "documents": computed(_TEXTS, documents),
            "statements": computed(_TEXTS, statement_lines),
        }
    ),
}
"""Type → shape. All other fields, also new ones, become members under their own names."""

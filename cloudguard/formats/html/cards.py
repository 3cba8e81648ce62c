"""Cards: a finding as the page shows it, with the changes that resolve it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from cloudguard.formats.diff import change_lines, change_title, proof_remark
from cloudguard.formats.hops import path_lines
from cloudguard.formats.html.disk_picture import disk_picture
from cloudguard.formats.html.path_picture import latent_picture, path_picture
from cloudguard.formats.html.permissions import Permissions, permissions_of
from cloudguard.formats.html.picture import Picture
from cloudguard.formats.phrases import brief, host_list, named, witness
from cloudguard.results.change import Change
from cloudguard.results.facts import Cluster
from cloudguard.results.finding import Finding
from cloudguard.results.reference import Reference
from cloudguard.values import dataclass

_SIGNS = {"-": "gone", "+": "new", "#": "note"}


@dataclass(frozen=True, slots=True)
class DiffLine:
    """A line of a diff; ``sign`` is "gone", "new" or "note"."""

    sign: str
    text: str


@dataclass(frozen=True, slots=True)
class ShownChange:
    """A change as the page shows it: its anchor, lines, and the numbers of the findings that it resolves.

    ``remark`` says that no plan can prove this ("": a plan can).
    """

    change: Change
    anchor: str
    title: str
    lines: tuple[DiffLine, ...]
    fixes: tuple[int, ...]
    remark: str
    permissions: Permissions | None


@dataclass(frozen=True, slots=True)
class Place:
    """A finding's number and state, and the prefix of its cluster's anchors on the page."""

    number: int
    state: str
    prefix: str


@dataclass(frozen=True, slots=True)
class Card:
    """A finding, and everything that the page shows of it.

    ``state`` is "new", "unchanged", "open" or "waived". Each change is shown in the card of the first finding that it
    resolves: this card shows ``changes`` and only links to ``changes_elsewhere``.
    """

    finding: Finding
    number: int
    anchor: str
    state: str
    on: str
    witness: str
    path: tuple[str, ...]
    pictures: tuple[Picture, ...]
    hosts: str
    references: tuple[Reference, ...]
    changes: tuple[ShownChange, ...]
    changes_elsewhere: tuple[ShownChange, ...]


def shown_change(change: Change, numbers: Mapping[str, int], prefix: str) -> ShownChange:
    """Return a change as the page shows it; ``prefix`` makes its anchor unique among the clusters of the page."""
    return ShownChange(
        change,
        f"{prefix}change-{change.order}",
        brief(change_title(change, {})),
        tuple(DiffLine(_SIGNS[line[0]], brief(line[2:])) for line in change_lines(change)),
        tuple(sorted(numbers[name] for name in change.mends if name in numbers)),
        proof_remark(change),
        permissions_of(change),
    )


def _linked(reference: Reference) -> Reference:
    """Return a reference without its link if the link is not an HTTPS URL."""
    return reference if reference.link.startswith("https://") else replace(reference, link="")


def card(finding: Finding, place: Place, cluster: Cluster, changes: Iterable[ShownChange]) -> Card:
    """Return the card of a finding; ``changes`` are all changes that resolve it."""
    pictures = (path_picture(finding), latent_picture(finding), disk_picture(cluster, finding))
    number = place.number
    shown = tuple(changes)
    shown_here = tuple(change for change in shown if change.fixes[:1] == (number,))
    return Card(
        finding=finding,
        number=number,
        anchor=f"{place.prefix}finding-{number}",
        state=place.state,
        on=brief(named(finding.resource)),
        witness=brief(witness(finding)),
        path=tuple(map(brief, path_lines(finding.witness))),
        pictures=tuple(picture for picture in pictures if picture),
        hosts=host_list(finding.hosts),
        references=tuple(map(_linked, finding.references)),
        changes=shown_here,
        changes_elsewhere=tuple(change for change in shown if change not in shown_here),
    )

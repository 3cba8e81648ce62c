"""Turns a report into the values of the page's templates, section by section."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from cloudguard.formats.html.cards import Card, Place, ShownChange, card, shown_change
from cloudguard.formats.html.exceptions import AcceptedLine, accepted_lines
from cloudguard.formats.html.history import SinceSection, moment, since_section, states_of
from cloudguard.formats.html.matrix import Matrix, matrix_of
from cloudguard.formats.html.path_picture import undecided_picture
from cloudguard.formats.html.picture import Picture
from cloudguard.formats.phrases import brief, hosts_by_role, open_questions, row_text, severity_counts
from cloudguard.results.finding import Finding
from cloudguard.results.report import Basis, Report, RowResult
from cloudguard.results.wording import count
from cloudguard.values import dataclass

MOST_PICTURES: Final = 6
"""The largest number of a row's questions that are drawn. All questions are listed."""
STATES: Final = ("new", "unchanged", "open", "waived")


@dataclass(frozen=True, slots=True)
class Fact:
    """A label, and the texts under it."""

    label: str
    texts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RowSection:
    """A row with its cards. ``why`` is the reason for its verdict in one line, ``looked_at`` is its basis.

    ``questions`` are its open questions. ``pictures`` show the undecided connections among them as paths.
    """

    row: RowResult
    anchor: str
    why: str
    questions: tuple[str, ...]
    pictures: tuple[Picture, ...]
    looked_at: tuple[Fact, ...]
    cards: tuple[Card, ...]

    @property
    def verdict(self) -> str:
        """The verdict as a CSS class."""
        return self.row.verdict.lower()


@dataclass(frozen=True, slots=True)
class ReportSections:
    """The report on one cluster, section by section; ``prefix`` makes its anchors unique on the page."""

    report: Report
    prefix: str
    facts: tuple[Fact, ...]
    incomplete: str
    tally: tuple[tuple[str, int], ...]
    rows: tuple[RowSection, ...]
    changes: tuple[ShownChange, ...]
    matrix: Matrix | None
    since: SinceSection | None
    accepted: tuple[AcceptedLine, ...]

    @property
    def cards(self) -> tuple[Card, ...]:
        """All cards, in the order of the page."""
        return tuple(each for row in self.rows for each in row.cards)


@dataclass(frozen=True, slots=True)
class Filters:
    """The rows and states by which a reader can filter the cards of a page."""

    rows: tuple[str, ...]
    states: tuple[str, ...]


def filters_of(clusters: Iterable[ReportSections]) -> Filters | None:
    """Return the rows and states on a page, None if it has no cards."""
    rows = dict.fromkeys(section.row.row for cluster in clusters for section in cluster.rows)
    states = {card.state for cluster in clusters for card in cluster.cards}
    return Filters(tuple(rows), tuple(state for state in STATES if state in states)) if states else None


def sections_of(report: Report, prefix: str = "") -> ReportSections:
    """Return the sections of the page on ``report``."""
    numbers, states = report.numbers, states_of(report)
    changes = {change.id: shown_change(change, numbers, prefix) for change in report.plan}

    def card_of(finding: Finding) -> Card:
        shown = (changes[name] for name in finding.changes if name in changes)
        place = Place(numbers[finding.id], states[finding.id], prefix)
        return card(finding, place, report.cluster, shown)

    def section_of(row: RowResult, place: int) -> RowSection:
        return RowSection(
            row=row,
            anchor=f"{prefix}row-{place}",
            why=brief(row_text(row, numbers)),
            questions=tuple(map(brief, open_questions(row, report.gaps))),
            pictures=tuple(picture for picture in map(undecided_picture, row.undecided[:MOST_PICTURES]) if picture),
            looked_at=_looked_at(row.basis),
            cards=tuple(map(card_of, sorted(row.findings, key=lambda finding: numbers[finding.id]))),
        )

    rows = tuple(section_of(row, place) for place, row in enumerate(report.rows, 1))
    cards = {each.finding.id: each for row in rows for each in row.cards}
    return ReportSections(
        report=report,
        prefix=prefix,
        facts=_facts(report),
        incomplete=_incomplete(report),
        tally=_severity_counts(report),
        rows=rows,
        changes=tuple(changes.values()),
        matrix=matrix_of(report),
        since=since_section(report.since),
        accepted=accepted_lines(report, cards),
    )


def _facts(report: Report) -> tuple[Fact, ...]:
    cluster = report.cluster
    facts = (
        ("Installed by", f"{cluster.installer or 'unknown installer'} {cluster.version}".strip()),
        ("In", " ".join((cluster.provider, cluster.account, ", ".join(cluster.places)))),
        ("Hosts", hosts_by_role(cluster)),
        ("Read by", cluster.scanned_by or "unknown identity"),
        ("Read at", moment(report.finished)),
        ("SHA-256 of the snapshot", report.snapshot_sha256),
    )
    return tuple(Fact(label, (text,)) for label, text in facts if text)


def _incomplete(report: Report) -> str:
    """Return why the report is incomplete ("" if it is complete)."""
    if report.complete:
        return ""
    open_rows = sum(bool(row.questions) for row in report.rows)
    return f"{count(open_rows, 'row')} of {len(report.rows)} could not be answered completely"


def _severity_counts(report: Report) -> tuple[tuple[str, int], ...]:
    tally = severity_counts(report.findings)
    waived = sum(finding.waived is not None for finding in report.findings)
    counts = [(str(severity), tally[severity]) for severity in sorted(tally, reverse=True)]
    return (*counts, *([("waived", waived)] if waived else ()))


def _looked_at(basis: Basis) -> tuple[Fact, ...]:
    helps = (f" (would help: {not_asked.would_help})" if not_asked.would_help else "" for not_asked in basis.not_asked)
    facts = (
        Fact("Paths followed", (count(basis.paths, "path"),) if basis.paths else ()),
        Fact("Hosts", tuple(f"{number} {role}" for role, number in basis.hosts)),
        Fact("Disks", basis.disks),
        Fact("Keys", basis.keys),
        Fact("Identities", basis.identities),
        Fact("Settings", tuple(f"{name}: {value}" for name, value in basis.settings)),
        Fact("Assumed", tuple(f"{item.what} ({item.source})" for item in basis.assumed)),
        Fact("Declared", basis.declared),
        Fact(
            "Not asked for",
            tuple(not_asked.what + helped for not_asked, helped in zip(basis.not_asked, helps, strict=True)),
        ),
    )
    return tuple(fact for fact in facts if fact.texts)

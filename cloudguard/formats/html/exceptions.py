"""Accepted findings: the waivers, their owners, the findings that they cover, and the days that are left."""

from __future__ import annotations

from collections.abc import Iterator

from cloudguard.formats.html.cards import Card
from cloudguard.results.finding import WaiverState, WaiverUse
from cloudguard.results.report import Report
from cloudguard.results.wording import count
from cloudguard.values import dataclass


@dataclass(frozen=True, slots=True)
class AcceptedLine:
    """A waiver as the page shows it, and the days that are left ("": unknown).

    ``covered`` are the cards of the findings that it accepts, ``uncovered`` of those that it matches but does not
    accept.
    """

    use: WaiverUse
    left: str
    covered: tuple[Card, ...]
    uncovered: tuple[Card, ...]


def accepted_lines(report: Report, cards: dict[str, Card]) -> tuple[AcceptedLine, ...]:
    """Return a line for each waiver, and for each waived finding whose waiver the report does not list.

    ``cards`` maps a finding's id to its card.
    """
    shown = {name for use in report.waivers for name in use.covered}
    return (*(_line(use, _left(use), cards) for use in report.waivers), *_other_lines(cards, shown))


def _left(use: WaiverUse) -> str:
    days = count(abs(use.days_left), "day")
    return f"{days} left" if use.days_left >= 0 else f"expired {days} ago"


def _line(use: WaiverUse, left: str, cards: dict[str, Card]) -> AcceptedLine:
    covered, uncovered = (
        tuple(cards[name] for name in names if name in cards) for names in (use.covered, use.uncovered)
    )
    return AcceptedLine(use, left, covered, uncovered)


def _other_lines(cards: dict[str, Card], shown: set[str]) -> Iterator[AcceptedLine]:
    for name, card in cards.items():
        waiver = card.finding.waived
        if waiver and name not in shown:
            about = (name, waiver.owner, waiver.reason, waiver.expires, WaiverState.ACTIVE)
            yield _line(WaiverUse(0, waiver.origin, *about, days_left=0, covered=(name,)), "", cards)

"""Accepted findings: the waivers, their owners, the findings that they cover, and the days that are left."""

from __future__ import annotations

from collections.abc import Iterator

from cloudguard.formats.html.cards import Card
from cloudguard.results.finding import WaiverUse
from cloudguard.results.report import Report
from cloudguard.results.wording import count
from cloudguard.values import dataclass


@dataclass(frozen=True, slots=True)
class AcceptedLine:
    """A waiver as the page shows it: its target, owner, reason, last day, days left and state.

    ``covered`` are the cards of the findings that it accepts, ``uncovered`` of those that it matches but does not
    accept.
    """

    about: str
    covered: tuple[Card, ...]
    uncovered: tuple[Card, ...]
    owner: str
    reason: str
    until: str
    left: str
    state: str


def accepted_lines(report: Report, cards: dict[str, Card]) -> tuple[AcceptedLine, ...]:
    """Return a line for each waiver, and for each waived finding whose waiver the report does not list.

    ``cards`` maps a finding's id to its card.
    """
    shown = {name for use in report.waivers for name in use.covered}
    return (*(_line(use, cards) for use in report.waivers), *_other_lines(cards, shown))


def _line(use: WaiverUse, cards: dict[str, Card]) -> AcceptedLine:
    days = count(abs(use.days_left), "day")
    return AcceptedLine(
        about=use.target,
        covered=tuple(cards[name] for name in use.covered if name in cards),
        uncovered=tuple(cards[name] for name in use.uncovered if name in cards),
        owner=use.owner,
        reason=use.reason,
        until=use.expires,
        left=f"{days} left" if use.days_left >= 0 else f"expired {days} ago",
        state=use.state,
    )


def _other_lines(cards: dict[str, Card], shown: set[str]) -> Iterator[AcceptedLine]:
    for name, card in cards.items():
        waiver = card.finding.waived
        if waiver and name not in shown:
            yield AcceptedLine(name, (card,), (), waiver.owner, waiver.reason, waiver.expires, "", "active")

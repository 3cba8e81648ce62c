"""The text of a notice: short, escaped, and enough to act on."""

from __future__ import annotations

from dataclasses import replace

import pytest

import sample
from cloudguard.model.source import FactKind, Gap, Reason
from cloudguard.notices.message import WIDTH, Notice, notice_of, notice_unread
from cloudguard.results.finding import Severity, WaiverState, WaiverUse
from cloudguard.results.report import Report

GAP = Gap("memory:Filters", "x", Reason.DENIED, "no", (FactKind.FILTERS,), "memory:ReadFilters")
FOUND = sample.report(
    sample.finding(1, Severity.HIGH, changes=("c-1",)), sample.finding(2, Severity.CRITICAL), gaps=(GAP,)
)
LAPSED = WaiverUse(
    1, "w.toml", "finding 1", "alice", "why", "2027-01-01", WaiverState.EXPIRED, -3, (), ("000000000001",)
)
HOSTILE = f"{sample.HOSTILE}<!channel> @everyone &amp; <script>{'x' * 10_000}"


def lines(notice: Notice) -> list[str]:
    return notice.body.splitlines()


def test_a_notice_on_one_cluster_has_verdicts_the_worst_finding_and_a_next_command() -> None:
    notice = notice_of([replace(FOUND, waivers=(LAPSED,))])
    assert notice.title == "prod: 2 findings"
    text = " ".join(lines(notice))
    parts = (
        "prod (memory ",
        "FAIL etcd-access",
        "PASS 1 row",
        "CRITICAL etcd-access/inside 000000000002",
        "message open",
        "and 1 finding more",
        "not read: memory:Filters; grant memory:ReadFilters",
        "waiver expired: finding 1, waived by alice expired on 2027-01-01: finding 2 counts",
        "more: cloudguard check memory --cluster prod",
    )
    assert [part for part in parts if part not in text] == []
    assert text.index("CRITICAL") < text.index("not read")


def test_the_first_change_is_shown() -> None:
    only = sample.report(sample.finding(1, changes=("c-1",)))
    changed = [line for line in lines(notice_of([only])) if line.startswith(("-", "+"))]
    assert changed == ["- before prod", "+ after prod"]


def test_a_clean_run_says_so() -> None:
    notice = notice_of([sample.report()])
    assert (notice.title, "PASS 2 rows" in notice.body) == ("prod: no new finding", True)


@pytest.mark.parametrize(
    "notice",
    [
        notice_of([sample.report(sample.finding(1, text=HOSTILE, changes=("c-1",)), text=HOSTILE, unknown=(HOSTILE,))]),
        notice_of([sample.report(sample.finding(1, text=HOSTILE), text=HOSTILE)] * 12),
        notice_unread(HOSTILE, HOSTILE),
    ],
    ids=["one", "several", "unread"],
)
def test_lines_fit_a_phone_s_screen_and_hostile_names_are_escaped(notice: Notice) -> None:
    assert all(len(line) <= WIDTH for line in lines(notice))
    assert len(notice.title) < 200
    assert len(notice.body) < 12_000
    for bad in ("\x1b", "\u202e", "\x9b", "\r", "<", ">", "@", "&", "\ud800"):
        assert bad not in notice.title + notice.body
    assert "\n" not in notice.title


def _named(name: str, *numbers: int) -> Report:
    return sample.report(*map(sample.finding, numbers), text=name)


def test_a_notice_on_several_clusters_lists_the_worst_first() -> None:
    notice = notice_of(
        [_named("calm"), _named("one", 1), _named("two", 1, 2), sample.report(text="gone", unknown=("a call",))]
    )
    assert notice.title == "cloudguard: 4 clusters"
    assert lines(notice) == [
        "two: 2 findings",
        "HIGH message open",
        "",
        "one: 1 finding",
        "HIGH message open",
        "",
        "gone: no new finding, incomplete",
        "",
        "nothing new: 1 cluster",
    ]


def test_clusters_of_one_name_are_told_apart_by_their_places() -> None:
    first, second = _named("prod", 1), _named("prod", 1)
    second = replace(second, cluster=replace(second.cluster, regions=("there",)))
    message = lines(notice_of([first, second, _named("other", 1)]))
    assert [line for line in message if line.startswith("memory ")] == ["memory 1234 here", "memory 1234 there"]

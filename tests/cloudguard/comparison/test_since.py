"""Changes since an earlier run: new findings and their cause, and findings that only seem to be gone."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

import sample
from cloudguard.comparison.findings import fails, since
from cloudguard.comparison.listed import ListedFinding, ListedReport, ListedRow, listed
from cloudguard.formats import json_report, markdown, table
from cloudguard.results.change import Resource
from cloudguard.results.comparison import BroughtBy, Fate
from cloudguard.results.finding import Waiver

API = Resource("filter", "sg-1", "api")
SSH = ListedFinding("1", "node-access/internet", "high", "ssh is open", resource=API)
KUBELET = replace(
    SSH, id="2", check="node-access/inside", message="kubelet is open", resource=Resource("filter", "sg-2")
)
ROW = ListedRow((SSH,), (), frozenset({"Tunnels"}), ("admin-cidr",))
OLD = ListedReport(
    "test 1 prod", {"node-access": ROW}, {}, "2026-01-01T02:17:00Z", "1.0", checks=frozenset({SSH.check})
)
CHECKS = frozenset({SSH.check, KUBELET.check})
NEW = replace(OLD, finished="2026-01-02T02:17:00Z", checks=CHECKS)
UNKNOWN = ("filters of sg-2: denied",)


def having(report: ListedReport, *findings: ListedFinding, unknown: tuple[str, ...] = ()) -> ListedReport:
    """Return the report with these findings in its row."""
    return replace(report, rows={"node-access": replace(ROW, findings=findings, unknown=unknown)})


def fates(old: ListedReport, new: ListedReport) -> dict[str, Fate]:
    """Return the fate of each finding, by its id."""
    return {change.id: change.fate for change in since(old, new).findings}


@pytest.mark.parametrize(
    ("old", "brought_by", "why"),
    [
        (replace(OLD, checks=CHECKS), None, ""),
        (replace(OLD, checks=None), None, ""),
        (OLD, BroughtBy.CHECK, "before, the check node-access/inside was not run"),
        (
            having(replace(OLD, checks=CHECKS), SSH, unknown=UNKNOWN),
            BroughtBy.DATA,
            f"not completely known: {UNKNOWN[0]}",
        ),
        (replace(OLD, checks=CHECKS, version="0.9"), BroughtBy.DATA, "before, judged with a different version: 0.9"),
        (replace(OLD, checks=CHECKS, gaps=frozenset({"list on *"})), BroughtBy.DATA, "before, not read: list on *"),
        (replace(OLD, checks=CHECKS, declared={"admin-cidr": ("::/0",)}), BroughtBy.DATA, "a different declaration"),
    ],
)
def test_a_new_finding_names_a_new_check_or_new_data_as_its_cause(
    old: ListedReport, brought_by: BroughtBy | None, why: str
) -> None:
    change = since(old, having(NEW, SSH, KUBELET)).by_id[KUBELET.id]
    assert (change.fate, change.brought_by) == (Fate.NEW, brought_by)
    assert why in change.why
    assert bool(change.why) is (brought_by is not None)
    assert change.first_seen == NEW.finished
    assert fails((change,), "high")


def test_a_fixed_finding_that_returns_is_reopened() -> None:
    change = since(having(OLD), NEW, closed={SSH.id}).by_id[SSH.id]
    assert change.fate is Fate.REOPENED
    assert fails((change,), "high")


def test_a_finding_on_a_new_resource_with_the_same_name_replaces_the_former() -> None:
    anew = replace(SSH, id="9", resource=replace(API, id="sg-9"))
    (change,) = since(OLD, having(NEW, anew)).findings
    assert (change.fate, change.id, change.replaces, change.first_seen) == (Fate.REPLACED, "9", "1", OLD.finished)
    assert not fails((change,), "low")
    (worse,) = since(OLD, having(NEW, replace(anew, severity="critical"))).findings
    assert (worse.fate, worse.was) == (Fate.REPLACED, "high")
    assert fails((worse,), "critical")


@pytest.mark.parametrize(
    "other",
    [
        replace(SSH, id="9", resource=replace(API, id="sg-9", name="other")),
        replace(SSH, id="9", resource=Resource("disk", "sg-9", "api")),
        replace(SSH, id="9"),
        replace(SSH, id="9", check=KUBELET.check, resource=replace(API, id="sg-9")),
    ],
)
def test_a_finding_on_another_resource_or_check_replaces_nothing(other: ListedFinding) -> None:
    assert fates(replace(OLD, checks=CHECKS), having(NEW, other)) == {"9": Fate.NEW, "1": Fate.FIXED}


def test_a_finding_is_replaced_once_and_only_if_it_is_certainly_gone() -> None:
    finding, two = (replace(SSH, id=name, resource=replace(API, id=f"sg-{name}")) for name in ("8", "9"))
    assert fates(OLD, having(NEW, finding, two)) == {"8": Fate.REPLACED, "9": Fate.NEW}
    unread = having(NEW, finding, unknown=UNKNOWN)
    assert fates(OLD, unread) == {"8": Fate.NEW, "1": Fate.UNCONFIRMED}


def test_a_finding_on_a_resource_without_a_name_is_never_replaced() -> None:
    nameless = replace(OLD, rows=having(OLD, replace(SSH, resource=Resource("filter", "sg-1"))).rows)
    assert fates(nameless, having(NEW, replace(SSH, id="9", resource=Resource("filter", "sg-9"))))["9"] is Fate.NEW


def test_a_finding_stays_unconfirmed_until_its_facts_are_read() -> None:
    dark = having(NEW, unknown=UNKNOWN)
    first = since(OLD, dark)
    assert [change.id for change in first.with_fate(Fate.UNCONFIRMED)] == ["1"]
    assert first.with_fate(Fate.UNCONFIRMED)[0].last_seen == OLD.finished
    assert not first.with_fate(Fate.UNCONFIRMED)[0].read
    assert first.newly_unknown == ("node-access",)
    assert first.changed
    again = since(having(dark, unknown=UNKNOWN), replace(dark, finished="2026-01-03T02:17:00Z"), older=(OLD,))
    assert [change.id for change in again.with_fate(Fate.UNCONFIRMED)] == ["1"]
    assert not again.changed
    light = since(dark, having(NEW), older=(OLD,))
    assert [change.id for change in light.fixed] == ["1"]
    assert light.known_again == ("node-access",)


def test_a_finding_judged_by_another_declaration_is_unconfirmed_but_read() -> None:
    other = replace(having(NEW), declared={"admin-cidr": ("192.0.2.0/24",)})
    (change,) = since(OLD, other).findings
    assert (change.fate, change.read) == (Fate.UNCONFIRMED, True)


def test_a_finding_counts_as_new_when_its_waiver_ends() -> None:
    waived = having(OLD, replace(SSH, waived=True))
    (ended,) = since(waived, NEW).findings
    assert (ended.fate, ended.was_waived, ended.waived) == (Fate.UNCHANGED, True, False)
    assert fails((ended,), "high")
    assert since(waived, NEW).changed
    (change,) = since(having(OLD), having(NEW, replace(SSH, waived=True))).findings
    assert change.fate is Fate.NEW
    assert not fails((change,), "low")


@pytest.mark.parametrize(
    ("then", "now", "fate"),
    [
        (("tcp/22 from 192.0.2.0/24 to node",), ("tcp/22 from 192.0.2.0/25 to node",), Fate.UNCHANGED),
        (("tcp/22 from 192.0.2.0/24 to node",), ("tcp/22 from 192.0.2.0/23 to node",), Fate.WIDER),
        ((), ("tcp/22 from 192.0.2.0/23 to node",), Fate.UNCHANGED),
        (("a disk",), ("a disk", "another disk"), Fate.WIDER),
    ],
)
def test_a_finding_is_wider_if_its_former_width_does_not_contain_it(
    then: tuple[str, ...], now: tuple[str, ...], fate: Fate
) -> None:
    before = having(OLD, replace(SSH, width=then))
    (change,) = since(before, having(NEW, replace(SSH, width=now))).findings
    assert change.fate is fate
    assert fails((change,), "high") is (fate is Fate.WIDER)
    anew = replace(SSH, id="9", resource=replace(API, id="sg-9"), width=now)
    (change,) = since(before, having(NEW, anew)).findings
    assert (change.fate, change.replaces) == (fate if fate is Fate.WIDER else Fate.REPLACED, "1")


def test_another_message_is_no_change() -> None:
    found = since(OLD, having(NEW, replace(SSH, message="ssh is open on 3 hosts")))
    assert not found.changed
    assert since(OLD, having(NEW, replace(SSH, severity="low"))).changed


def test_text_formats_and_json_show_the_changes() -> None:
    was, fresh, gone = sample.finding(1), sample.finding(2), sample.finding(3, text="gone")
    waived = Waiver("sec", "because", "2027-01-01")
    old = listed(sample.report(was, gone))
    new = sample.report(replace(was, waived=waived), fresh)
    report = replace(new, since=since(old, listed(new)))
    line = f"{old.finished}: 1 new ({report.numbers[fresh.id]}), 1 unchanged, 1 fixed"
    assert f"since  {line}" in table.render(report)
    assert "- since: " in markdown.render(report)
    found = json.loads(json_report.render(report))["since"]
    assert found["earlier"] == old.finished
    assert [finding["fate"] for finding in found["findings"]] == ["new", "unchanged", "fixed"]
    assert json.loads(json_report.render(new))["since"] is None

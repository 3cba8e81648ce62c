"""A finding is fixed only if its facts were read, its calls were made and its check judged it in the same way."""

from __future__ import annotations

from dataclasses import replace

import pytest

import sample
from cloudguard.comparison.findings import compared, fails
from cloudguard.comparison.listed import ListedFinding, ListedReport, ListedRow, listed
from cloudguard.formats import json_report
from cloudguard.model.source import FactKind, Gap, Reason
from cloudguard.results.comparison import Fate
from cloudguard.results.files import report_file

SSH = ListedFinding("1", "node-access/internet", "critical", "open")
ROW = ListedRow((SSH,), (), frozenset(), ("admin-cidr",))
OLD = ListedReport("test 1 prod", {"node-access": ROW}, {"admin-cidr": ("198.51.100.0/24",)})


def later(row: ListedRow | None, **declared: tuple[str, ...]) -> ListedReport:
    """Return a later report with this row, or without any row (None)."""
    return replace(OLD, rows={"node-access": row} if row else {}, declared={**OLD.declared, **declared})


CLEAN = replace(ROW, findings=())


@pytest.mark.parametrize(
    ("new", "fate", "why"),
    [
        (later(ROW), Fate.UNCHANGED, ""),
        (later(CLEAN), Fate.FIXED, ""),
        (later(None), Fate.UNCONFIRMED, "does not have this row"),
        (later(replace(CLEAN, unknown=("the filters were not read",))), Fate.UNCONFIRMED, "filters were not read"),
        (later(replace(CLEAN, not_asked=frozenset({"Tunnels"}))), Fate.UNCONFIRMED, "not asked for: Tunnels"),
        (replace(later(CLEAN), declared={"admin-cidr": ("0.0.0.0/0",)}), Fate.UNCONFIRMED, "admin-cidr"),
        (later(CLEAN, other=("x",)), Fate.FIXED, ""),
    ],
)
def test_a_finding_is_fixed_only_if_all_its_facts_were_read(new: ListedReport, fate: Fate, why: str) -> None:
    (change,) = compared(OLD, new)
    assert change.fate is fate
    assert why in change.why
    assert bool(change.why) is (fate is Fate.UNCONFIRMED)


def test_new_and_worse_findings_fail_from_the_given_severity() -> None:
    low = replace(OLD, rows={"node-access": replace(ROW, findings=(replace(SSH, severity="low"),))})
    none = later(CLEAN)
    assert [fails(compared(none, OLD), at) for at in ("critical", "medium", "never")] == [True, True, False]
    assert [fails(compared(none, low), at) for at in ("low", "medium")] == [True, False]
    (worse,) = compared(low, OLD)
    assert (worse.fate, worse.was) == (Fate.UNCHANGED, "low")
    assert [fails(compared(low, OLD), at) for at in ("medium", "low", "never")] == [True, False, False]
    assert not fails(compared(OLD, none), "low")


def test_a_report_file_is_loaded_as_the_findings_to_compare() -> None:
    report = sample.report()
    assert listed(report_file.load(json_report.render(report).encode(), "report.json")) == listed(report)


@pytest.mark.parametrize("hides", [(), (FactKind.ADDRESS_LISTS,)])
def test_a_failed_call_leaves_missing_findings_unconfirmed(hides: tuple[FactKind, ...]) -> None:
    gap = Gap("test:List", "pl-1", Reason.DENIED, "AccessDenied", hides)
    assert listed(replace(sample.report(), gaps=(gap,))).gaps == {"test:List on pl-1"}

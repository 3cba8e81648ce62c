"""The first screen: its width, what it shows only on request, and no repeated sentences."""

from __future__ import annotations

from dataclasses import replace

import pytest

import sample
from cloudguard.formats import table
from cloudguard.model.source import FactKind, Gap, Reason
from cloudguard.results.finding import Severity
from cloudguard.results.report import gap_text

LOW = sample.finding(1, Severity.LOW)
CRITICAL = sample.finding(2, Severity.CRITICAL, changes=("c-1",))
HIGH = sample.finding(3, Severity.HIGH, text="shut")
REPORT = sample.report(LOW, CRITICAL, HIGH, unknown=("the filter of n-1",), gaps=(sample.GAP,))
LONG_GAP = Gap("memory:Read", "*", Reason.DENIED, "not\nallowed " * 40, (FactKind.FILTERS,), "memory:read")


def test_only_severities_and_verdicts_are_coloured() -> None:
    coloured = table.render(REPORT, color=True)
    assert "\x1b[1;31mcritical\x1b[0m" in coloured
    assert "\x1b[1;31mFAIL\x1b[0m" in coloured
    plain = coloured
    for code in ("\x1b[1;31m", "\x1b[31m", "\x1b[33m", "\x1b[36m", "\x1b[32m", "\x1b[1;33m", "\x1b[0m"):
        plain = plain.replace(code, "")
    assert plain == table.render(REPORT)
    assert "\x1b" not in plain


@pytest.mark.parametrize(("width", "most"), [(None, 120), (80, 80), (60, 60), (10, 60)])
def test_lines_are_wrapped_to_the_terminal_or_to_120_columns(width: int | None, most: int) -> None:
    text = "word " * 60
    long = sample.report(sample.finding(text=text), text="name " * 30, unknown=(text,), gaps=(sample.GAP, LONG_GAP))
    for verbose in (False, True):
        shown = table.render(long, width=width, verbose=verbose, color=False)
        assert max(map(len, shown.splitlines())) <= most


def test_advice_is_one_line_without_verbose() -> None:
    short, whole = table.render(REPORT), table.render(REPORT, verbose=True)
    assert " 3  low       etcd-access/inside: message open\n" in short
    assert LOW.id not in short
    assert f" 3  low       etcd-access/inside  {LOW.id}\n    message open\n    on filter f-1 (open)\n" in whole
    assert all(finding.id in text for finding in (CRITICAL, HIGH) for text in (short, whole))


def test_findings_and_changes_refer_to_each_other() -> None:
    text = table.render(REPORT)
    assert " 1. rule.narrow on filter f-1 (prod), rule r-1: fixes 1 (not proved)\n" in text
    assert text.count("fixed by change 1 (not proved)\n") == 1


def test_only_the_worst_finding_of_a_row_is_shown_twice() -> None:
    needed = gap_text(sample.GAP)
    report = sample.report(CRITICAL, unknown=(needed,), gaps=(sample.GAP,))
    text = table.render(report)
    assert text.count("message open") == 2
    assert text.count("access denied") == 1
    assert "? etcd-access: depends on facts that were not read: memory:ReadFilters\n" in text
    assert "why prod" not in text


def test_an_error_of_the_cloud_is_cut_to_one_line_without_verbose() -> None:
    report = sample.report(gaps=(LONG_GAP,))
    assert table.render(report).count("allowed") < 20
    assert " …" in table.render(report)
    assert table.render(report, verbose=True).count("allowed") == 40


def test_filters_of_the_display_keep_the_findings_numbers() -> None:
    brief = table.render(REPORT, summary_only=True)
    assert "etcd-access  " in brief
    assert "FIX" not in brief
    assert "message shut" not in brief
    assert brief.endswith("1 gap\n")
    worst = table.render(REPORT, min_severity=Severity.CRITICAL)
    assert (CRITICAL.id in worst, HIGH.id in worst, "low  " in worst) == (True, False, False)
    other = table.render(REPORT, rows=("etcd-encryption",))
    assert ("etcd-access" in other.partition("prod: ")[0], "FIX" in other) == (False, False)
    unmended = replace(REPORT, plan=(replace(sample.change(), mends=(HIGH.id,)),))
    assert "FIX" not in table.render(unmended, min_severity=Severity.CRITICAL)
    assert "fixes 2" in table.render(unmended, min_severity=Severity.HIGH)

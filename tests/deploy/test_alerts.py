"""The alert rules: promtool accepts them, and each alert fires only on its own metrics."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from prometheus_client.openmetrics import parser

import sample
from cloudguard.formats.exports import openmetrics
from cloudguard.formats.exports.common import Export
from cloudguard.results.finding import Severity
from cloudguard.results.report import Report
from validators import VALIDATORS, needs, run

RULES = Path(__file__).parents[2] / "deploy/alerts/cloudguard.rules.yml"
PROMTOOL = VALIDATORS / "usr/bin/promtool"
_parser: Any = parser
RUN, COMPLETE = "cloudguard_last_run_timestamp_seconds", "cloudguard_last_complete_run_timestamp_seconds"
CLEAN = sample.report()
FAILING = sample.report(sample.finding(1, Severity.HIGH))
UNREAD = sample.report(unknown=("a call",))


def series(report: Report, changed: dict[str, float]) -> list[dict[str, str]]:
    """Return a report's metrics as promtool's input series: read at time 0, constant for two days, some ``changed``."""
    found = list[dict[str, str]]()
    for family in _parser.text_string_to_metric_families(openmetrics.render(Export((report,), lambda _report: ()))):
        for sample_ in family.samples:
            labels = ",".join(f'{name}="{value}"' for name, value in sample_.labels.items())
            name = f"{sample_.name}{{{labels}}}"
            value = 0 if sample_.name in {RUN, COMPLETE} else sample_.value
            value = next((new for key, new in changed.items() if name.startswith(key) or key in name), value)
            found.append({"series": name, "values": f"{value}x72"})
    return found


@needs(PROMTOOL)
def test_promtool_accepts_the_rules() -> None:
    assert "SUCCESS: 7 rules found" in run(PROMTOOL, "check", "rules", RULES)


@needs(PROMTOOL)
@pytest.mark.parametrize(
    ("report", "hours", "changed", "fires"),
    [
        (CLEAN, 1, {}, set[str]()),
        (FAILING, 1, {}, {"CloudguardRowFails"}),
        (UNREAD, 1, {}, {"CloudguardRowUnknown", "CloudguardNotComplete"}),
        (CLEAN, 27, {}, {"CloudguardNotRun"}),
        (CLEAN, 51, {RUN: 50 * 3600.0}, {"CloudguardNotComplete"}),
        (CLEAN, 1, {'state="expired"': 2.0}, {"CloudguardWaiverLapsed"}),
        (CLEAN, 1, {'state="unused"': 1.0}, {"CloudguardWaiverToRenew"}),
        (None, 2, {}, {"CloudguardNoMetrics"}),
    ],
)
def test_each_alert_fires_only_on_its_own_metrics(
    tmp_path: Path, report: Report | None, hours: int, changed: dict[str, float], fires: set[str]
) -> None:
    names = [line.split()[-1] for line in RULES.read_text(encoding="utf-8").splitlines() if "- alert:" in line]
    listed = series(report, changed) if report else [{"series": "other", "values": "1x72"}]
    sums = [
        {"expr": f'count(ALERTS{{alertname="{name}",alertstate="firing"}}) > 0 or vector(0)', "eval_time": f"{hours}h"}
        for name in names
    ]
    for name, tags in zip(names, sums, strict=True):
        value = 1 if name in fires else 0
        tags["exp_samples"] = [{"labels": "{}", "value": value}]  # type: ignore[assignment] # promtool's own form
    tests = [{"interval": "1h", "input_series": listed, "promql_expr_test": sums}]
    file = tmp_path / "tests.yml"
    file.write_text(json.dumps({"rule_files": [str(RULES)], "evaluation_interval": "1h", "tests": tests}))
    run(PROMTOOL, "test", "rules", file)

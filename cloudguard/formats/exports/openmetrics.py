"""OpenMetrics for a textfile collector: when the cluster was read, the verdicts, and how many findings there are.

No series is about a resource, so their number stays the same. All are gauges: the collector reads Prometheus' own text
format, which has no other kind that fits.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from prometheus_client import CollectorRegistry, Gauge
from prometheus_client.openmetrics import exposition

from cloudguard.formats.escaping import visible
from cloudguard.formats.exports.common import NAME, milliseconds
from cloudguard.results.check import Check
from cloudguard.results.finding import Severity, WaiverState
from cloudguard.results.report import Report, Verdict

_exposition: Any = exposition  # it has no types
_LABELS = ("cluster", "provider", "account")


def render(report: Report, checks: Sequence[Check]) -> str:
    """Return ``report`` as OpenMetrics text."""
    del checks
    registry = CollectorRegistry()
    cluster = report.cluster
    own = tuple(map(visible, (cluster.name, cluster.provider, cluster.account)))

    def gauge(name: str, text: str, *labels: str) -> Gauge:
        return Gauge(f"{NAME}_{name}", text, (*_LABELS, *labels), registry=registry)

    gauge("version", "1 for the version that read the cluster", "version").labels(
        *own, report.tool.partition(" ")[2]
    ).set(1)
    finished = milliseconds(report.finished) / 1000
    gauge("last_run_timestamp_seconds", "When the cluster was last read").labels(*own).set(finished)
    complete = gauge("last_complete_run_timestamp_seconds", "When everything that the rows rest on was last read")
    if report.complete:
        complete.labels(*own).set(finished)
    gauge("complete", "1 if everything that the rows rest on was read").labels(*own).set(report.complete)
    took = (milliseconds(report.finished) - milliseconds(report.started)) / 1000
    gauge("run_duration_seconds", "How long the reading took").labels(*own).set(took)
    gauge("gaps", "What could not be read").labels(*own).set(len(report.gaps))
    verdicts = gauge("verdict", "1 for the verdict that a row has", "row", "verdict")
    findings = gauge("findings", "Findings that are not waived", "row", "severity")
    waived = gauge("waived_findings", "Findings that are waived", "row")
    for row in report.rows:
        for verdict in Verdict:
            verdicts.labels(*own, row.row, verdict.value).set(row.verdict is verdict)
        tally = Counter(finding.severity for finding in row.findings if not finding.waived)
        for severity in Severity:
            findings.labels(*own, row.row, str(severity)).set(tally[severity])
        waived.labels(*own, row.row).set(sum(bool(finding.waived) for finding in row.findings))
    states = Counter(use.state for use in report.waivers)
    waivers = gauge("waivers", "Waivers by what became of them", "state")
    for state in WaiverState:
        waivers.labels(*own, state.value).set(states[state])
    text: bytes = _exposition.generate_latest(registry)
    return text.decode()

"""OpenMetrics for a textfile collector: the times of reading, the verdicts and the numbers of findings.

No series is about a single resource, so that the number of series is constant. All metrics are gauges: the collector
reads Prometheus' own text format, which has no other type that fits.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from prometheus_client import CollectorRegistry, Gauge
from prometheus_client.openmetrics import exposition, parser

from cloudguard.formats.escaping import visible
from cloudguard.formats.exports.common import NAME, milliseconds
from cloudguard.results.check import Check
from cloudguard.results.finding import Severity, WaiverState
from cloudguard.results.report import Report, Verdict

_exposition: Any = exposition  # the module has no type hints
_parser: Any = parser
_LAST_COMPLETE = "last_complete_run_timestamp_seconds"


def render(report: Report, checks: Sequence[Check], earlier: str = "", by_region: bool = False) -> str:  # noqa: FBT001, FBT002 - each export is called alike
    """Return ``report`` as OpenMetrics text.

    ``earlier`` is the text of the previous run. If this report is incomplete, the time of the last complete run is that
    of the report, which has it from a store, else that of ``earlier``. ``by_region`` adds a label with the region: for
    a cluster whose name and account another cluster of the text has too.
    """
    del checks
    registry = CollectorRegistry()
    cluster = report.cluster
    texts = {"cluster": cluster.name, "provider": cluster.provider, "account": cluster.account}
    texts |= {"region": ",".join(cluster.places)} if by_region else {}
    labels_of = {name: visible(text) for name, text in texts.items()}
    labels = tuple(labels_of.values())

    def gauge(name: str, text: str, *labels: str) -> Gauge:
        return Gauge(f"{NAME}_{name}", text, (*labels_of, *labels), registry=registry)

    gauge("version", "1 for the version of cloudguard that read the cluster", "version").labels(
        *labels, report.tool.partition(" ")[2]
    ).set(1)
    finished = milliseconds(report.finished) / 1000
    gauge("last_run_timestamp_seconds", "When the cluster was last read").labels(*labels).set(finished)
    complete = gauge(_LAST_COMPLETE, "When all facts of the rows were last read")
    last = finished if report.complete else _last_complete(report, earlier, labels_of)
    if last is not None:
        complete.labels(*labels).set(last)
    gauge("complete", "1 if all facts of the rows were read").labels(*labels).set(report.complete)
    took = (milliseconds(report.finished) - milliseconds(report.started)) / 1000
    gauge("run_duration_seconds", "Duration of the reading in seconds").labels(*labels).set(took)
    gauge("gaps", "Facts that could not be read").labels(*labels).set(len(report.gaps))
    verdicts = gauge("verdict", "1 for the verdict of a row", "row", "verdict")
    findings = gauge("findings", "Findings that are not waived", "row", "severity")
    waived = gauge("waived_findings", "Findings that are waived", "row")
    for row in report.rows:
        for verdict in Verdict:
            verdicts.labels(*labels, row.row, verdict.value).set(row.verdict is verdict)
        tally = Counter(finding.severity for finding in row.findings if not finding.waived)
        for severity in Severity:
            findings.labels(*labels, row.row, str(severity)).set(tally[severity])
        waived.labels(*labels, row.row).set(sum(bool(finding.waived) for finding in row.findings))
    states = Counter(use.state for use in report.waivers)
    waivers = gauge("waivers", "Waivers by state", "state")
    for state in WaiverState:
        waivers.labels(*labels, state.value).set(states[state])
    text: bytes = _exposition.generate_latest(registry)
    return text.decode()


def _last_complete(report: Report, earlier: str, labels: Mapping[str, str]) -> float | None:
    """Return the time of the last complete run before ``report``, in seconds since 1970, or None.

    It is taken from the report, else from the text of an earlier run. ``labels`` are those of the cluster.
    """
    if report.last_complete:
        return milliseconds(report.last_complete) / 1000
    try:
        families = [*_parser.text_string_to_metric_families(earlier)] if earlier else []
    except ValueError:
        return None
    samples = (sample for family in families for sample in family.samples)
    return next(
        (sample.value for sample in samples if (sample.name, sample.labels) == (f"{NAME}_{_LAST_COMPLETE}", labels)),
        None,
    )

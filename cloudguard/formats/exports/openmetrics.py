"""OpenMetrics for a textfile collector: the times of reading, the verdicts and the numbers of findings.

No series is about a single resource, so that the number of series is constant. All metrics are gauges: the collector
reads Prometheus' own text format, which has no other type that fits.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from types import SimpleNamespace
from typing import Any

from prometheus_client.core import GaugeMetricFamily
from prometheus_client.openmetrics import exposition, parser

from cloudguard.formats.escaping import visible
from cloudguard.formats.exports.common import NAME, Export, milliseconds
from cloudguard.results.finding import Severity, WaiverState
from cloudguard.results.report import Report, Verdict

_exposition: Any = exposition  # the module has no type hints
_parser: Any = parser
_LAST_COMPLETE = "last_complete_run_timestamp_seconds"


def render(export: Export) -> str:
    """Return the reports as OpenMetrics text: each metric once, with the samples of all clusters.

    If a report is incomplete, the time of the last complete run is that of the report, which has it from a store, else
    that of the earlier text. A label with the region tells clusters of one name and account apart.
    """
    metrics: dict[str, GaugeMetricFamily] = {}
    for report in export.reports:
        cluster, place = report.cluster, export.place_of(report)
        texts = {"cluster": cluster.name, "provider": cluster.provider, "account": cluster.account}
        labels = {name: visible(text) for name, text in texts.items()} | ({"region": place} if place else {})
        for metric in _metrics(report, labels, export.earlier):
            metrics.setdefault(metric.name, metric)
            metrics[metric.name].samples += metric.samples if metric is not metrics[metric.name] else []
    text: bytes = _exposition.generate_latest(SimpleNamespace(collect=metrics.values))
    return text.decode()


def _metrics(report: Report, labels: Mapping[str, str], earlier: str) -> Iterator[GaugeMetricFamily]:
    """Yield the metrics of one report; ``labels`` are those of its cluster."""

    def gauge(name: str, text: str, samples: Iterable[tuple[tuple[str, ...], float]], *more: str) -> GaugeMetricFamily:
        metric = GaugeMetricFamily(f"{NAME}_{name}", text, labels=(*labels, *more))
        for values, number in samples:
            metric.add_metric((*labels.values(), *values), number)
        return metric

    begun, finished = milliseconds(report.started), milliseconds(report.finished)
    last = finished / 1000 if report.complete else _last_complete(report, earlier, labels)
    yield gauge("version", "1 for the version of cloudguard that read the cluster", [((report.version,), 1)], "version")
    yield gauge("last_run_timestamp_seconds", "When the cluster was last read", [((), finished / 1000)])
    yield gauge(_LAST_COMPLETE, "When all facts of the rows were last read", {} if last is None else [((), last)])
    yield gauge("complete", "1 if all facts of the rows were read", [((), report.complete)])
    yield gauge("run_duration_seconds", "Duration of the reading in seconds", [((), (finished - begun) / 1000)])
    yield gauge("gaps", "Facts that could not be read", [((), len(report.gaps))])
    verdicts = {(row.row, verdict.value): row.verdict is verdict for row in report.rows for verdict in Verdict}
    yield gauge("verdict", "1 for the verdict of a row", verdicts.items(), "row", "verdict")
    findings = {(row.row, str(severity)): 0 for row in report.rows for severity in Severity}
    waived = {(row.row,): 0 for row in report.rows}
    for row in report.rows:
        for finding in row.findings:
            if finding.waived:
                waived[(row.row,)] += 1
            else:
                findings[row.row, str(finding.severity)] += 1
    yield gauge("findings", "Findings that are not waived", findings.items(), "row", "severity")
    yield gauge("waived_findings", "Findings that are waived", waived.items(), "row")
    states = Counter(use.state for use in report.waivers)
    yield gauge("waivers", "Waivers by state", [((state.value,), states[state]) for state in WaiverState], "state")


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

"""Writes the reports on several clusters: one document for all of them, or one file for each cluster."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace

from cloudguard.cli import output
from cloudguard.cli.flags import VERBOSE
from cloudguard.cli.reports import rendering
from cloudguard.formats.several.joined import joined
from cloudguard.formats.several.overview import ambiguous_reports, as_table, worst_first
from cloudguard.needs.setting import Settings
from cloudguard.results.report import Report

PLACEHOLDER = "{cluster}"
_UNSAFE = re.compile(r"[^A-Za-z0-9._-]+")
_MOST = 100
"""The largest number of characters of a cluster's name in a file's name."""


def write(reports: Sequence[Report], to: Sequence[output.Sink], settings: Settings) -> None:
    """Write ``reports`` to every sink. A file's name with ``{cluster}`` stands for one file for each report.

    Raises UsageError if a file can't be written.
    """
    for sink in to:
        if PLACEHOLDER in sink.file:
            for name, report in file_names(reports):
                rendering.write(report, [replace(sink, file=sink.file.replace(PLACEHOLDER, name))], settings)
        else:
            output.save(_document(reports, sink, settings), sink.file, rendering.mode_of(sink))


def _document(reports: Sequence[Report], sink: output.Sink, settings: Settings) -> str | bytes:
    """Return one document with all reports, in the sink's format."""
    match sink.format:
        case "html" | "pdf":
            return rendering.as_page(reports, sink)
        case "table":
            screens = [rendering.rendered(report, sink, settings) for report in worst_first(reports)]
            return "\n".join([as_table(reports), *(screens if settings.get(VERBOSE) else ())])
        case _:
            shared = ambiguous_reports(reports)
            sinks = (replace(sink, by_region=number in shared) for number in range(len(reports)))
            texts = [rendering.rendered(report, to, settings) for report, to in zip(reports, sinks, strict=True)]
            return joined(sink.format, reports, texts)


def file_names(reports: Sequence[Report]) -> Iterator[tuple[str, Report]]:
    """Yield each report with a unique file name: the cluster's name.

    If several clusters have the same name, their account and regions are added, and then a number if needed.
    """
    plain = [_safe(report.cluster.name) for report in reports]
    used = Counter[str]()
    for report, name in zip(reports, plain, strict=True):
        cluster = report.cluster
        file_name = name if plain.count(name) == 1 else _safe("-".join((name, cluster.account, *cluster.places)))
        used[file_name] += 1
        yield (file_name if used[file_name] == 1 else f"{file_name}-{used[file_name]}"), report


def _safe(name: str) -> str:
    """Return ``name`` as a file name: it is not a path, not a hidden file and not empty."""
    return _UNSAFE.sub("_", name).lstrip(".")[:_MOST] or "_"

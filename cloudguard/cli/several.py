"""Writes the reports on several clusters: one document for all, or a file a cluster."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace

from cloudguard.cli import output
from cloudguard.cli.flags import VERBOSE
from cloudguard.formats.several.joined import joined
from cloudguard.formats.several.overview import as_table, worst_first
from cloudguard.needs.setting import Settings
from cloudguard.results.report import Report

PLACEHOLDER = "{cluster}"
_UNSAFE = re.compile(r"[^A-Za-z0-9._-]+")
_MOST = 100
"""Letters of a file's name that are a cluster's."""


def write(reports: Sequence[Report], to: Sequence[output.Sink], settings: Settings) -> None:
    """Write ``reports`` to every sink, to a file each where its name has a placeholder.

    Raises UsageError where a file can't be written.
    """
    for sink in to:
        if PLACEHOLDER in sink.file:
            for name, report in file_names(reports):
                output.write(report, [replace(sink, file=sink.file.replace(PLACEHOLDER, name))], settings)
        else:
            output.save(_document(reports, sink, settings), sink.file, output.mode_of(sink))


def _document(reports: Sequence[Report], sink: output.Sink, settings: Settings) -> str | bytes:
    """Return all reports in one document."""
    match sink.format:
        case "html" | "pdf":
            return output.as_page(reports, sink)
        case "table":
            screens = [output.rendered(one, sink, settings) for one in worst_first(reports)]
            return "\n".join([as_table(reports), *(screens if settings.get(VERBOSE) else ())])
        case _:
            return joined(sink.format, reports, [output.rendered(one, sink, settings) for one in reports])


def file_names(reports: Sequence[Report]) -> Iterator[tuple[str, Report]]:
    """Yield each report with a name of its own for a file: its cluster's, with its account where that is not one."""
    plain = [_safe(report.cluster.name) for report in reports]
    used = Counter[str]()
    for report, name in zip(reports, plain, strict=True):
        cluster = report.cluster
        own = name if plain.count(name) == 1 else _safe("-".join((name, cluster.account, *cluster.regions)))
        used[own] += 1
        yield (own if used[own] == 1 else f"{own}-{used[own]}"), report


def _safe(name: str) -> str:
    """Return a name that is no path, no hidden file, and not empty."""
    return _UNSAFE.sub("_", name).lstrip(".")[:_MOST] or "_"

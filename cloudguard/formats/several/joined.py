"""Joins the texts of several clusters in one format into one valid document of this format."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Mapping, Sequence
from typing import Final, TypeAlias
from xml.etree.ElementTree import Element, fromstring, indent, tostring

from cloudguard.formats.contract import document
from cloudguard.formats.escaping import visible
from cloudguard.formats.exports.common import NAME, as_json
from cloudguard.formats.several.overview import ambiguous_reports, as_markdown
from cloudguard.results.files.report_file import SEVERAL_SCHEMA
from cloudguard.results.report import Report

Join: TypeAlias = Callable[[Sequence[Report], Sequence[str]], str]
"""A function that joins texts. Its arguments are the reports, and the text of each report in the format."""
_TOTALS: Final = ("tests", "failures", "errors", "skipped")
_END: Final = "# EOF\n"


def _document(reports: Sequence[Report], texts: Sequence[str]) -> str:
    """Return a JSON document of all reports; its ``complete`` is true if every report is complete."""
    complete = all(report.complete for report in reports)
    return document.text({"schema": SEVERAL_SCHEMA, "complete": complete, "reports": [*map(json.loads, texts)]})


def _sarif(reports: Sequence[Report], texts: Sequence[str]) -> str:
    """Return one SARIF log with the runs of all texts. Each run has an id of its own."""
    logs, shared = [json.loads(text) for text in texts], ambiguous_reports(reports)
    for number in shared:
        for run in logs[number]["runs"]:
            run["automationDetails"]["id"] += f"{_places(reports[number])}/"
    return as_json({**logs[0], "runs": [run for log in logs for run in log["runs"]]})


def _places(report: Report) -> str:
    return visible(",".join(report.cluster.places))


def _list(reports: Sequence[Report], texts: Sequence[str]) -> str:
    """Return one JSON list with the items of all texts."""
    del reports
    return as_json([item for text in texts for item in json.loads(text)])


def _lines(reports: Sequence[Report], texts: Sequence[str]) -> str:
    del reports
    return "".join(texts)


def _csv(reports: Sequence[Report], texts: Sequence[str]) -> str:
    """Return one CSV table: the headings of the first text, and the lines of all texts."""
    del reports
    file = io.StringIO()
    writer = csv.writer(file)
    for number, text in enumerate(texts):
        lines = csv.reader(io.StringIO(text, newline=""))
        headings = next(lines)
        writer.writerows([*([] if number else [headings]), *lines])
    return file.getvalue()


def _junit(reports: Sequence[Report], texts: Sequence[str]) -> str:
    """Return the suites of all; the cluster's name stands before that of a suite, and in the class of a case."""
    root, shared = Element("testsuites", name=NAME, time="0"), ambiguous_reports(reports)
    for number, (report, text) in enumerate(zip(reports, texts, strict=True)):
        name = visible(report.cluster.name) + (f" {_places(report)}" if number in shared else "")
        for suite in fromstring(text):  # noqa: S314 - written by this program
            row = suite.get("name", "")
            suite.set("name", f"{name}: {row}")
            for case in suite:
                case.set("classname", f"{NAME}.{name}.{row}")
            root.append(suite)
    for total in _TOTALS:
        root.set(total, str(sum(int(suite.get(total, "0")) for suite in root)))
    indent(root)
    return '<?xml version="1.0" encoding="utf-8"?>\n' + tostring(root, encoding="unicode") + "\n"


def _openmetrics(reports: Sequence[Report], texts: Sequence[str]) -> str:
    """Return one text with each metric once and the samples of all clusters. Parsers refuse a repeated metric."""
    del reports
    about: dict[str, list[str]] = {}
    samples: dict[str, list[str]] = {}
    for text in texts:
        metric, named = "", set[str]()
        for line in text.removesuffix(_END).splitlines(keepends=True):
            if line.startswith("# "):
                metric = line.split(" ", 3)[2]
                if metric not in about or metric in named:
                    about.setdefault(metric, []).append(line)
                    named.add(metric)
            else:
                samples.setdefault(metric, []).append(line)
    return "".join(line for metric in about for line in (*about[metric], *samples.get(metric, ()))) + _END


def _markdown(reports: Sequence[Report], texts: Sequence[str]) -> str:
    """Return a table of all clusters, and a section for each."""
    return "\n".join([as_markdown(reports), *(_one_deeper(text) for text in texts)])


def _one_deeper(text: str) -> str:
    """Return the Markdown ``text`` with its headings one level deeper. Fenced code does not change."""
    lines, fenced = list[str](), False
    for line in text.splitlines(keepends=True):
        fenced ^= line.startswith("```")
        lines.append(f"#{line}" if line.startswith("#") and not fenced else line)
    return "".join(lines)


JOINS: Final[Mapping[str, Join]] = {
    "json": _document,
    "markdown": _markdown,
    "sarif": _sarif,
    "junit": _junit,
    "csv": _csv,
    "ocsf": _list,
    "asff": _list,
    "gitlab": _list,
    "github": _lines,
    "openmetrics": _openmetrics,
}
"""Format → function that joins its texts."""


def joined(format_name: str, reports: Sequence[Report], texts: Sequence[str]) -> str:
    """Return one document of ``texts``, which are the texts of ``reports`` in the format, in the same order."""
    return JOINS[format_name](reports, texts)

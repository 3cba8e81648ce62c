"""JUnit XML: a suite for each row, a case for each finding and for each check without a finding."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from cloudguard.formats.escaping import visible
from cloudguard.formats.exports.common import NAME, Export, description, title
from cloudguard.formats.phrases import basis_text, waiver
from cloudguard.results.check import Check
from cloudguard.results.finding import Finding, Severity
from cloudguard.results.report import Report, RowResult, Verdict


def render(export: Export) -> str:
    """Return the reports as JUnit XML. With several clusters, names of suites and classes contain the cluster's name.

    Findings above low are failures, waived findings are skipped, and open questions are errors.
    """
    name = NAME if export.several else f"{NAME} {export.reports[0].cluster.name}"
    root = Element("testsuites", name=visible(name))
    suites = [_suite(root, export, report, row) for report in export.reports for row in report.rows]
    for total in ("tests", "failures", "errors", "skipped"):
        root.set(total, str(sum(int(suite.get(total, "0")) for suite in suites)))
    root.set("time", "0")
    indent(root)
    return '<?xml version="1.0" encoding="utf-8"?>\n' + tostring(root, encoding="unicode") + "\n"


def _suite(root: Element, export: Export, report: Report, row: RowResult) -> Element:
    cluster = " ".join(filter(None, (visible(report.cluster.name), export.place_of(report)))) if export.several else ""
    suite_name = f"{cluster}: {row.row}" if cluster else row.row
    class_name = ".".join(filter(None, (NAME, cluster, row.row)))
    suite = SubElement(root, "testsuite", name=suite_name, timestamp=report.started.partition("+")[0].rstrip("Z"))
    for name, outcome, message, text in _cases(row, export.checks(report)):
        case = SubElement(suite, "testcase", classname=class_name, name=name, time="0")
        if outcome:
            SubElement(case, outcome, message=message).text = text
    for total, outcome in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
        suite.set(total, str(len(suite.findall(f"testcase/{outcome}"))))
    suite.set("tests", str(len(suite.findall("testcase"))))
    suite.set("time", "0")
    return suite


def _cases(row: RowResult, checks: Sequence[Check]) -> Iterator[tuple[str, str, str, str]]:
    """Yield each case of a row: its name, the XML element of its outcome ("": passed), a message and a text."""
    failed = {finding.check for finding in row.findings}
    for finding in row.findings:
        yield _case(finding)
    if row.verdict is Verdict.PROVIDER:
        yield row.row, "skipped", visible(row.why), visible(basis_text(row.basis))
        return
    for number, text in enumerate(row.questions, 1):
        yield f"{row.row}: open question {number}", "error", visible(text), ""
    if not row.questions:
        passed = (check.id for check in checks if check.id.startswith(f"{row.row}/") and check.id not in failed)
        yield from ((name, "", "", "") for name in passed)


def _case(finding: Finding) -> tuple[str, str, str, str]:
    name = f"{finding.check}: {title(finding)} [{finding.id}]"
    if finding.waived:
        return name, "skipped", visible(waiver(finding)), description(finding)
    outcome = "failure" if finding.severity > Severity.LOW else ""
    return name, outcome, f"{finding.severity}: {visible(finding.message)}", description(finding)

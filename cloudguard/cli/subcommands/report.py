"""The command ``report``: writes a JSON report again in any format, without calls to the cloud."""

from __future__ import annotations

from cloudguard.cli import output
from cloudguard.cli.reports import delivery
from cloudguard.cli.settings import CommandLine
from cloudguard.cli.snapshots import read_file
from cloudguard.errors import UsageError
from cloudguard.results.files import report_file

_HINT = "Example: cloudguard report report.json -f markdown"


def report(line: CommandLine) -> int:
    """Write the reports of a JSON file in the formats of ``-f``, and return the exit status, both like ``check``."""
    settings = line.settings()
    sinks = output.sinks(settings)
    file = line.argument("file")
    if not file:
        message = "report needs the file of a JSON report (- is stdin)"
        raise UsageError(message, hint=_HINT)
    reports = report_file.load_all(read_file(file), "stdin" if file == "-" else file)
    run = delivery.Run(reports, several=len(reports) > 1)
    delivery.write_reports(run, settings, sinks)
    delivery.say_results(run, settings, sinks)
    return int(delivery.exit_status_of(run, settings))

"""The command ``permissions``: prints the read-only policy that ``check`` needs, or tests the caller's permissions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from cloudguard.cli import output
from cloudguard.cli.flags import PERMISSION_FORMAT, VERIFY
from cloudguard.cli.reading import read
from cloudguard.cli.settings import CommandLine, request
from cloudguard.errors import ExitStatus, UsageError
from cloudguard.provider.permissions.preflight import Outcome, Tried, TriesPermissions, WritesPermissions
from cloudguard.provider.port import load

_ORDER = (Outcome.REFUSED, Outcome.NOT_SHOWN, Outcome.GRANTED)


def permissions(line: CommandLine) -> int:
    """Print the policy; with ``--verify``, try each call instead: the exit status is 4 if any call is refused."""
    settings = line.settings()
    if settings.get(VERIFY):
        return _verify(line)
    adapter = load(line.named_provider())
    known = adapter.permission_formats if isinstance(adapter, WritesPermissions) else ("json",)
    sinks = output.sinks(settings, PERMISSION_FORMAT, "json")
    for sink in sinks:
        if sink.format not in known:
            message = f"{adapter.name} has no policy in the format {sink.format}"
            raise UsageError(message, hint=f"It has {', '.join(known)}")
    for sink in sinks:
        text = adapter.permissions_as(sink.format) if isinstance(adapter, WritesPermissions) else adapter.permissions()
        output.save(text.rstrip("\n") + "\n", sink.file)
    return int(ExitStatus.CLEAN)


def _verify(line: CommandLine) -> int:
    """Try each call and list the outcomes; refused calls come first."""
    provider, settings = line.named_provider(), line.settings()
    adapter = load(provider)
    if not isinstance(adapter, TriesPermissions):
        message = f"{provider} cannot test its calls"
        raise UsageError(message, hint="Run check: refused calls are listed as not read")
    sinks = output.sinks(settings, PERMISSION_FORMAT, "table")
    for sink in sinks:
        if sink.format not in {"json", "table"}:
            message = f"--{VERIFY.name} writes only table or json"
            raise UsageError(message, hint=f"For the policy as {sink.format}, leave out --{VERIFY.name}")
    asked = request(line, settings, with_cluster=False)
    outcomes = read(lambda stop, step: adapter.verify(replace(asked, stop=stop), step), settings).result
    outcomes = tuple(sorted(outcomes, key=lambda item: (_ORDER.index(item.outcome), item.call)))
    output.save_list(sinks, outcomes, lambda: _table(outcomes))
    tally = Counter(tried.outcome for tried in outcomes)
    counts = ", ".join(f"{tally[outcome]} {outcome}" for outcome in _ORDER if tally[outcome])
    output.inform(settings, f"cloudguard: {provider}: {counts}")
    return int(ExitStatus.INCOMPLETE if tally[Outcome.REFUSED] else ExitStatus.CLEAN)


def _table(calls: Sequence[Tried]) -> str:
    from cloudguard.formats.table import grid  # noqa: PLC0415 - tabulate only where a table is shown

    rows = [(tried.outcome.value, ", ".join(tried.permissions), tried.call, tried.message) for tried in calls]
    return grid(rows, ("OUTCOME", "PERMISSION", "CALL", "WHY")) + "\n"

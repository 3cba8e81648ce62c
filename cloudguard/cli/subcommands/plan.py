"""The command ``plan``: writes the proved changes that resolve the findings, for people to review and tools to run."""

from __future__ import annotations

from cloudguard import pipeline
from cloudguard.cli import flags, output
from cloudguard.cli.reports.delivery import exit_status_of_report
from cloudguard.cli.settings import CommandLine, fail_on
from cloudguard.cli.snapshots import read_file, snapshot_of
from cloudguard.formats import plan_diff
from cloudguard.formats.contract.plan_shapes import as_json
from cloudguard.needs.declarations_file import declarations
from cloudguard.provider.ownership.terraform_state import TerraformState, load
from cloudguard.results.plan import Plan


def plan(line: CommandLine) -> int:
    """Make a plan for one cluster and write it; return the same exit status as ``check``."""
    settings = line.settings()
    sinks = output.sinks(settings, flags.PLAN_FORMAT, "diff")
    declared = declarations(settings)
    state = _state(settings.get(flags.TERRAFORM_STATE))
    reading = snapshot_of(line, settings)
    planned = pipeline.plan(
        reading.result,
        declared,
        rows=settings.get(flags.PLAN_ROW) or (),
        only=tuple(filter(None, (settings.get(flags.ONLY) or "").split(","))),
        with_advice=bool(settings.get(flags.WITH_ADVICE)),
        most_rules=settings.get(flags.MOST_RULES) or flags.DEFAULT_MOST_RULES,
        terraform=state,
    )
    texts = [_rendered(planned.plan, sink.format) or pipeline.export(planned, sink.format) for sink in sinks]
    for text, sink in zip(texts, sinks, strict=True):
        output.save(text, sink.file)
    with_patch = output.Sink("diff") in sinks and output.streams_are_one()
    if not with_patch:
        output.inform(settings, plan_diff.summary(planned.plan))
    return int(exit_status_of_report(planned.plan.report, fail_on(settings)))


def _state(file: str | None) -> TerraformState | None:
    return load(read_file(file), file) if file else None


def _rendered(plan: Plan, format_name: str) -> str:
    """Return the plan in a format that is the same for all clouds; "" for any other format."""
    renderers = {"diff": plan_diff.render, "json": as_json}
    return renderers[format_name](plan) if format_name in renderers else ""

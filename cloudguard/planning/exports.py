"""A plan in the formats that other programs run or check: shell commands, Terraform, a certificate."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Final

from cloudguard.errors import UsageError
from cloudguard.planning.certificates.certificate import certificate
from cloudguard.planning.planner import Planned
from cloudguard.results.change import Change, Procedure
from cloudguard.results.plan import Step


def export(planned: Planned, format_name: str) -> str:
    """Return a plan in the format ``format_name``. Raises UsageError if it cannot be written so."""
    exporter = EXPORTS.get(format_name)
    if exporter is None:
        message = f"a plan cannot be written as {format_name} yet"
        raise UsageError(message, hint=f"Use one of {', '.join(EXPORTS)}")
    return exporter(planned)


def shell(planned: Planned) -> str:
    """Return the plan as a POSIX shell script of the cloud's own commands, in order.

    The script stops at the first failed command. Raises UsageError if the provider has no commands for the plan.
    """
    plan, change_forms = planned.plan, planned.case.change_forms
    lines = ["#!/bin/sh", f"# The plan for {_one_line(plan.report.cluster.name)}: {len(plan.steps)} steps.", "set -eu"]
    commands = 0
    for step in plan.steps:
        lines += ["", *_comment(planned, step)]
        written = [text for call in step.calls if (text := change_forms.shell(call.call))]
        lines += written
        commands += len(written)
    _require(planned, "shell commands", there=commands > 0)
    return "\n".join(lines) + "\n"


def terraform(planned: Planned) -> str:
    """Return the plan as blocks of HCL, one change after another. Raises UsageError if the provider has no blocks."""
    blocks = [text for change in changes_with_steps(planned) if (text := planned.case.change_forms.terraform(change))]
    _require(planned, "Terraform", there=bool(blocks))
    return "\n\n".join(blocks) + ("\n" if blocks else "")


def changes_with_steps(planned: Planned) -> tuple[Change, ...]:
    """Return the changes that have steps in the plan."""
    with_steps = {step.change for step in planned.plan.steps}
    return tuple(change for change in planned.plan.changes if change.id in with_steps)


def _comment(planned: Planned, step: Step) -> Iterator[str]:
    change, edit = planned.plan.change(step.change), planned.plan.edit(step)
    yield f"# {step.number}. {change.kind} {_one_line(change.resource.id)} {_one_line(change.rule)}".rstrip()
    if isinstance(edit, Procedure):
        yield from (f"#    by hand: {_one_line(text)}" for text in edit.steps)


def _one_line(text: str) -> str:
    """Return ``text`` without characters that could end a shell comment. The text comes from the cloud."""
    return "".join(char if char.isprintable() else "?" for char in text)


def _require(planned: Planned, what: str, *, there: bool) -> None:
    """Raise UsageError if the plan has steps and ``there`` is false: the provider cannot write it as ``what``."""
    if planned.plan.steps and not there:
        message = f"the provider {planned.case.snapshot.cluster.provider!r} cannot write this plan as {what}"
        raise UsageError(message, hint="Use -f json")


EXPORTS: Final[Mapping[str, Callable[[Planned], str]]] = {
    "certificate": certificate,
    "shell": shell,
    "terraform": terraform,
}

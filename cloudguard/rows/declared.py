"""The declarations that a row uses.

A declaration that allows everything is advice, and it becomes the stated reason if the row passes.
"""

from __future__ import annotations

from dataclasses import replace
from types import ModuleType

from cloudguard.needs.in_force import Everything, everything_declared, in_force
from cloudguard.results.change import Resource
from cloudguard.results.check import Check
from cloudguard.results.finding import Evidence, Severity, Witness
from cloudguard.results.report import Verdict
from cloudguard.results.wording import and_more
from cloudguard.rows.context import Context
from cloudguard.rows.finding_builder import FindingBuilder
from cloudguard.rows.pending_finding import JudgedRow, PendingFinding


def declared_check(row: str) -> Check:
    """Return the check of ``row`` for declarations that allow everything."""
    return Check(
        f"{row}/declared",
        {Severity.LOW: "a declaration allows everyone, every port or every action"},
        "A declaration that the row uses allows everyone, every port or every action.",
    )


def with_declarations(context: Context, module: ModuleType, judged: JudgedRow) -> JudgedRow:
    """Return the judged row of ``module`` with the declarations that it rests on.

    If one of them allows everything, a finding of the row's check for declarations is added.
    """
    row, pending = judged
    used: tuple[str, ...] = module.USED_DECLARATIONS
    declared = tuple(declaration.name for declaration in in_force(context.declarations) if declaration.name in used)
    row = replace(row, basis=replace(row.basis, declared=declared))
    permissions = row.row == "cloud-api-access"
    everyone = [
        each
        for each in everything_declared(context.declarations)
        if each.name in used and (each.name != "need" or each.permission is permissions)
    ]
    if not everyone or row.verdict is Verdict.PROVIDER:
        return row, pending
    new = _finding(context, module.DECLARED, everyone)
    why = f"passes because of a declaration: {new.finding.message}" if row.verdict is Verdict.PASS else row.why
    return replace(row, why=why, findings=(*row.findings, new.finding)), (*pending, new)


def _finding(context: Context, check: Check, declared: list[Everything]) -> PendingFinding:
    stated = dict(context.declarations.stated_in)
    first = declared[0]
    reason = and_more(first.reason, len(declared) - 1)
    builder = FindingBuilder(
        check=check,
        severity=Severity.LOW,
        resource=Resource("declaration", first.name),
        message=f"{first.name} {first.text} allows everything: {reason}",
        witness=Witness(f"{first.name} {first.text}"),
        evidence=(
            Evidence(
                Resource("declaration", each.name),
                "",
                stated.get(each.name, "the caller"),
                f"{each.text}: {each.reason}",
            )
            for each in declared
        ),
        advice="Declare only the needed traffic and permissions",
    )
    return PendingFinding(builder.build(context.cluster))

"""The plan: changes with their steps in order, what is proved about them, and the findings that stay."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple

from cloudguard.results.api_call import PlannedCall
from cloudguard.results.change import Change, Edit, GroupEdit, Procedure, RuleEdit, RuleOp
from cloudguard.results.report import Report

SCHEMA = "cloudguard/plan/v1"


class Obligation(StrEnum):
    """What is proved of a plan, on the model, at every step."""

    NOTHING_OPENED = "nothing-opened"
    """Nothing is let in that was shut, but for what is declared."""
    NOTHING_NEEDED_LOST = "nothing-needed-lost"
    """What is needed and let in today stays let in, for today's hosts and the next host of every pool."""
    DONE_TWICE = "done-twice"
    """Made again, the edits change nothing."""
    QUOTAS = "quotas"
    """No filter holds more rules at any step than it may."""
    ADMINISTRATORS_LET_IN = "administrators-let-in"
    """Declared administrators whom nothing let in to the API are let in to it."""
    ROWS_MENDED = "rows-mended"
    """The findings that it mends are gone when the changed model is judged again."""


@dataclass(frozen=True, slots=True)
class Proof:
    """One obligation that holds; ``examined`` says in words over what it was checked."""

    obligation: Obligation
    examined: str


class Phase(StrEnum):
    """When an edit is made: each phase of all changes before the next one of any."""

    GROUP = "group"
    """Groups are made, with their members."""
    IN_PLACE = "in-place"
    """A rule, list or setting is changed at once; nothing is let in by it that was not before."""
    ADD = "add"
    REMOVE = "remove"
    """A rule goes, or is narrowed in place, once added ones let in what is needed of it."""
    PROCEDURE = "procedure"
    """Steps that people take."""


@dataclass(frozen=True, slots=True)
class Step:
    """One edit at its place in the order, from 1: of the change ``change`` (its id) the edit at index ``edit``.

    ``calls`` make it; none where an earlier step's call makes it too, or no call can.
    """

    number: int
    phase: Phase
    change: str
    edit: int
    calls: tuple[PlannedCall, ...] = ()


@dataclass(frozen=True, slots=True)
class LeftFinding:
    """A finding (id) that the plan does not mend, and why not."""

    finding: str
    why: str


class EditCounts(NamedTuple):
    """How many edits a plan has, by what they do."""

    in_place: int
    add: int
    remove: int
    procedures: int


@dataclass(frozen=True, slots=True)
class Plan:
    """Changes of one cluster in the order to make them, proved on the model.

    ``report`` is the judgement that they answer. ``mends`` are ids of its findings that are gone afterwards, ``asked``
    those that a change was asked for. ``verdicts`` are those of the rows afterwards, by row. ``residual`` are messages
    of what is still found afterwards and was no finding of its own before. ``shut_out`` are declared ranges of
    administrators, none of whom the plan can let in to the API. ``by_hand`` are those of ``mends`` that stay until
    people took the steps of a procedure.
    """

    report: Report
    changes: tuple[Change, ...] = ()
    steps: tuple[Step, ...] = ()
    proofs: tuple[Proof, ...] = ()
    asked: tuple[str, ...] = ()
    mends: tuple[str, ...] = ()
    left: tuple[LeftFinding, ...] = ()
    residual: tuple[str, ...] = ()
    verdicts: tuple[tuple[str, str], ...] = ()
    shut_out: tuple[str, ...] = ()
    by_hand: tuple[str, ...] = ()
    schema: str = field(default=SCHEMA)

    def change(self, name: str) -> Change:
        """Return the change with the id ``name``; raises KeyError when there is none."""
        for change in self.changes:
            if change.id == name:
                return change
        raise KeyError(name)

    def edit(self, step: Step) -> Edit:
        """Return the edit that a step makes."""
        return self.change(step.change).edits[step.edit]

    @property
    def plan_again(self) -> bool:
        """Whether another plan, once this one is made, may mend more: by the new groups, which tell hosts apart.

        Without new groups, planning again offers nothing.
        """
        return any(change.kind == "group.add" for change in self.changes)

    @property
    def counts(self) -> EditCounts:
        """How many edits are made in place, add or remove something, or are steps that people take."""
        tally = Counter(_made(self.edit(step)) for step in self.steps)
        return EditCounts(tally["in place"], tally["add"], tally["remove"], tally["procedure"])


def _made(edit: Edit) -> str:
    if isinstance(edit, RuleEdit) and edit.op is not RuleOp.MODIFY:
        return "add" if edit.op is RuleOp.ADD else "remove"
    return "add" if isinstance(edit, GroupEdit) else "procedure" if isinstance(edit, Procedure) else "in place"

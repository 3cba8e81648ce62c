"""The policy that would be enough: an identity's need as documents, proved equal to it, beside what it has today."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from cloudguard.engine.change import Change, Resource
from cloudguard.engine.excess import Excess
from cloudguard.engine.permit import Matched, allowed
from cloudguard.model.identity import Effect, PolicyKind, Statement

ROW = "cloud-api-access"
MOST_LINES = 12
"""Lines of a change's each side; its documents are whole."""


@dataclass(frozen=True, slots=True)
class Replacement:
    """``documents`` grant the need and nothing else if ``proved``; present statements by what the need has of them."""

    statements: tuple[Statement, ...]
    documents: tuple[str, ...]
    proved: bool
    kept: tuple[Matched, ...]
    narrowed: tuple[Matched, ...]
    dropped: tuple[Matched, ...]


def replacement(excess: Excess) -> Replacement:
    """Return the policy that would be enough for one identity."""
    comparer, needed = excess.comparer, excess.needed
    wanted = merged(statement for choice in excess.choices for statement in choice.component.statements)
    try:
        documents = comparer.known.documents.write(wanted)
        read = [statement for text in documents for statement in comparer.known.documents.read(text)]
        written = allowed(comparer.space, read, comparer.known.variables)
        proved = (written - needed).is_empty and (needed - written).is_empty
    except ValueError:
        documents, proved = (), False
    present = [one for one in excess.grants.statements if _grants(one)]
    kept = tuple(one for one in present if one.requests <= needed)
    rest = [one for one in present if one not in kept]
    narrowed = tuple(one for one in rest if not (one.requests & needed).is_empty)
    return Replacement(wanted, documents, proved, kept, narrowed, tuple(one for one in rest if one not in narrowed))


def _grants(one: Matched) -> bool:
    return one.policy.kind is PolicyKind.GRANT and one.statement.effect is Effect.ALLOW


def merged(statements: Iterable[Statement]) -> tuple[Statement, ...]:
    """Return fewer statements that say the same: those of equal resources and conditions in one, named in order."""
    together: dict[tuple[object, ...], list[Statement]] = {}
    for one in statements:
        same = (one.effect, one.resources, one.not_resources, one.conditions, bool(one.not_actions))
        key = (*same, one.label) if one.not_actions else same
        together.setdefault(key, []).append(one)
    found = list[Statement]()
    for number, alike in enumerate(together.values(), 1):
        actions = tuple(sorted({action for one in alike for action in one.actions}))
        found.append(replace(alike[0], label=f"#{number}", actions=actions))
    return tuple(found)


def change_of(excess: Excess, why: str) -> Change:
    """Return the change that puts the replacement in place of what an identity has."""
    found, identity = replacement(excess), excess.identity
    before = [f"{one.policy.name}/{one.statement.label}: {short(one.statement)}" for one in found.dropped]
    before += [f"{one.policy.name}/{one.statement.label}: {short(one.statement)}" for one in found.narrowed]
    after = [short(one) for one in found.statements]
    whole = tuple(f"keep    {one.policy.name}/{one.statement.label}" for one in found.kept)
    whole += tuple(f"narrow  {one.policy.name}/{one.statement.label}" for one in found.narrowed)
    whole += tuple(f"drop    {one.policy.name}/{one.statement.label}" for one in found.dropped)
    return Change(
        id=f"permission.narrow:{identity.id}" if after else f"permission.remove:{identity.id}",
        row=ROW,
        kind="permission.narrow" if after else "permission.remove",
        resource=Resource("identity", identity.id, identity.name),
        before=_cut(before),
        after=_cut(after),
        why=why,
        proved=found.proved,
        documents=found.documents,
        statements=whole,
    )


def short(statement: Statement) -> str:
    """Return a statement in a line of its first actions and resources."""
    actions = _few(statement.actions) if statement.actions else f"all but {_few(statement.not_actions)}"
    resources = _few(statement.resources) if statement.resources else f"all but {_few(statement.not_resources)}"
    keys = _few(tuple(dict.fromkeys(one.key for one in statement.conditions)))
    verb = "allow" if statement.effect is Effect.ALLOW else "deny"
    return f"{verb} {actions} on {resources}" + (f" if {keys} is as needed" if keys else "")


def _few(values: tuple[str, ...]) -> str:
    more = len(values) - 2
    return ", ".join(values[:2]) + (f" and {more} more" if more > 0 else "")


def _cut(lines: list[str]) -> tuple[str, ...]:
    more = len(lines) - MOST_LINES
    return (*lines[:MOST_LINES], f"and {more} more statements") if more > 0 else tuple(lines)

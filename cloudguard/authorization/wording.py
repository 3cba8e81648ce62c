"""Statements in a line: short for the first screen, whole where all of it counts."""

from __future__ import annotations

from cloudguard.model.identity import Effect, Statement

_FEW = 2


def short(statement: Statement) -> str:
    """Return a statement in a line of its first actions and resources: "allow disk:* on * if tag is as needed"."""
    keys = _list(tuple(dict.fromkeys(one.key for one in statement.conditions)), _FEW)
    return _said(statement, _FEW) + (f" if {keys} is as needed" if keys else "")


def whole(statement: Statement) -> str:
    """Return all of a statement in a line."""
    asked = [f"{one.operator} {one.key} {' or '.join(one.values)}" for one in statement.conditions]
    return _said(statement, None) + (f" if {' and '.join(asked)}" if asked else "")


def _said(statement: Statement, most: int | None) -> str:
    actions = _list(statement.actions, most) if statement.actions else f"all but {_list(statement.not_actions, most)}"
    others = f"all but {_list(statement.not_resources, most)}"
    resources = _list(statement.resources, most) if statement.resources else others
    return f"{'allow' if statement.effect is Effect.ALLOW else 'deny'} {actions} on {resources}"


def _list(values: tuple[str, ...], most: int | None) -> str:
    more = 0 if most is None else len(values) - most
    return ", ".join(values[:most]) + (f" and {more} more" if more > 0 else "")

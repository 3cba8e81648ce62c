"""Statements, requests and actions as text, for the rows and for formats."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from cloudguard.model.identity import Effect, Statement
from cloudguard.permission_sets.actions import UNLISTED, ActionTable, is_symbol
from cloudguard.permission_sets.space import Request

FEW = 3
_SYMBOL: Final = re.compile(rf"{UNLISTED}|\{{[a-z]+\}}")


def count(number: int, noun: str) -> str:
    """Return "1 host", "2 hosts", "2 identities", "2 keys"."""
    plural = f"{noun[:-1]}ies" if noun.endswith("y") and noun[-2] not in "aeiou" else f"{noun}s"
    return f"{number} {noun if number == 1 else plural}"


def and_more(first: str, more: int) -> str:
    """Return "first", or "first (and 3 more)"."""
    return f"{first} (and {more} more)" if more > 0 else first


def few(values: Sequence[str], most: int | None = FEW) -> str:
    """Return the first values and the number of others, such as "a, b and 3 more". ``most`` None: all values."""
    more = 0 if most is None else len(values) - most
    return ", ".join(values[:most]) + (f" and {more} more" if more > 0 else "")


def statement_text(statement: Statement, most: int | None = FEW) -> str:
    """Return a statement as a line, such as "allow disk:*, host:Describe* on * if StringEquals tag prod"."""
    conditions = [
        f"{condition.operator} {condition.key} {_any_of(condition.values, most)}" for condition in statement.conditions
    ]
    return effect_text(statement, most) + (f" if {' and '.join(conditions)}" if conditions else "")


def effect_text(statement: Statement, most: int | None = FEW) -> str:
    """Return a statement without its conditions, such as "allow disk:* on *"."""
    excepted = f" except {few(statement.not_actions, most)}" if statement.not_actions else ""
    actions = (few(tuple(map(action_text, statement.actions)), most) if statement.actions else "all") + excepted
    others = f"all except {few(statement.not_resources, most)}"
    resources = few(statement.resources, most) if statement.resources else others
    return f"{'allow' if statement.effect is Effect.ALLOW else 'deny'} {actions} on {resources}"


def _any_of(values: tuple[str, ...], most: int | None) -> str:
    return " or ".join(values) if most is None or len(values) <= most else few(values, most)


def action_text(action: str) -> str:
    """Return an action's name. The symbol of unlisted actions is written as "…", such as "disk:…/write"."""
    return _SYMBOL.sub("…", action)


def request_text(request: Request) -> str:
    """Return a request as a line: its action, its resource, and the values of its context."""
    context = [f"{key} {' or '.join(values)}" for key, values in request.context if values]
    return f"{action_text(request.action)} on {request.name}" + (f" with {', '.join(context)}" if context else "")


def actions_text(table: ActionTable, actions: int, most: int | None) -> str:
    """Return the first actions of a mask, and the number of others. ``most`` None: all actions.

    A whole service is written as "disk:*".
    """
    if actions == table.everything:
        return "*"
    names: list[str] = []
    for service in table.services:
        mask = table.service_mask(service)
        names += [f"{service}:*"] if actions & mask == mask else table.names(actions & mask)
    return few(tuple(map(action_text, sorted(names, key=is_symbol))), most)

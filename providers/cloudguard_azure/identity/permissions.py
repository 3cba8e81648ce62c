"""Permissions of role definitions and deny assignments as statements.

https://learn.microsoft.com/azure/role-based-access-control/role-definitions
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from cloudguard.model.identity import Condition, Effect, PolicyDocument, PolicyKind, Statement
from cloudguard.model.source import Source
from cloudguard.provider.answers import Item, text, texts
from cloudguard.provider.iam.expressions import opaque
from cloudguard.values import dataclass
from cloudguard_azure.identity.conditions import narrowed_operations
from cloudguard_azure.identity.resource_names import CONTROL, DATA, actions_of, scope_patterns


@dataclass(frozen=True, slots=True)
class Permission:
    """Patterns of operations and exceptions, for actions and data actions. ``condition``: "" for none."""

    actions: Sequence[str] = ()
    not_actions: Sequence[str] = ()
    data_actions: Sequence[str] = ()
    not_data_actions: Sequence[str] = ()
    condition: str = ""


EVERYTHING = Permission(actions=("*",), data_actions=("*",))


def permission(item: Item) -> Permission:
    """Return a permission as it is written."""
    return Permission(
        texts(item, "actions"),
        texts(item, "notActions"),
        texts(item, "dataActions"),
        texts(item, "notDataActions"),
        text(item, "condition"),
    )


def statements_of(
    permissions: Iterable[Permission],
    scope: str,
    *,
    effect: Effect = Effect.ALLOW,
    planes: Sequence[str] = (CONTROL, DATA),
    assumptions: Sequence[Condition] = (),
) -> Iterator[Statement]:
    """Yield the statements of permissions at a scope, under ``assumptions``. Raises AnswerError for an odd scope."""
    for number, granted in enumerate(permissions, 1):
        for plane, name, actions, excepted in (
            (CONTROL, f"#{number}", granted.actions, granted.not_actions),
            (DATA, f"#{number} (data)", granted.data_actions, granted.not_data_actions),
        ):
            statement = Statement(
                name,
                effect,
                actions=_actions_of_all(actions),
                not_actions=_actions_of_all(excepted),
                resources=scope_patterns(scope, plane),
                conditions=tuple(assumptions),
            )
            if statement.actions and plane in planes:
                yield from conditioned(statement, granted.condition)


def grant(
    policy_id: str, name: str, statements: Iterable[Statement], source: Source, *, managed_by: str = "user"
) -> PolicyDocument:
    """Return a policy with the id ``policy_id`` that grants to identities, or denies them."""
    return PolicyDocument(policy_id, name, PolicyKind.GRANT, managed_by, "{}", tuple(statements), source)


def conditioned(statement: Statement, condition: str) -> Iterator[Statement]:
    """Yield a statement under a condition ("": none): certainly for operations it does not affect, perhaps for all."""
    if not condition:
        yield statement
        return
    narrowed = narrowed_operations(condition)
    if narrowed is not None:
        yield replace(statement, not_actions=(*statement.not_actions, *_actions_of_all(narrowed)))
    yield replace(
        statement,
        name=f"{statement.name} (conditional)",
        conditions=(*statement.conditions, opaque("condition", condition)),
    )


def _actions_of_all(operations: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(action for operation in operations for action in actions_of(operation)))

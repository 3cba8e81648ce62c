"""OAuth scopes of instances: they limit which permissions of a service account a machine can use."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from cloudguard.model.identity import Condition, Effect, Statement
from cloudguard.provider.iam.expressions import opaque
from cloudguard.tables import table_of
from cloudguard_gcp.access.resource_names import EVERYWHERE

_PREFIX: Final = "https://www.googleapis.com/auth/"
_READ: Final = "READ"


def statements_of(scopes: Iterable[str]) -> tuple[Statement, ...]:
    """Return the permissions that scopes allow, as statements. An unknown scope may allow anything."""
    return tuple(statement for scope in sorted(scopes) for statement in _statements(scope) if statement.actions)


def _statements(scope: str) -> Iterator[Statement]:
    """Yield the permissions that a scope certainly allows, and those that it may allow."""
    name, table = scope.removeprefix(_PREFIX), table_of("cloudguard_gcp.identity", "scopes.toml")
    certain = table["certain"].get(name, ())
    possible = table["possible"].get(name, () if certain else ("*",))
    unknown = opaque("scope", scope)
    yield _statement(name, certain, table["reading"]["certain"])
    yield _statement(name, possible, table["reading"]["possible"], unknown)


def _statement(name: str, listed: Iterable[str], reading: Sequence[str], *conditions: Condition) -> Statement:
    """Return a statement. In ``listed``, "service:READ" stands for a service's actions with the verbs ``reading``."""
    actions = list[str]()
    for text in listed:
        service, _, word = text.partition(":")
        actions += [f"{service}:*.{verb}" for verb in reading] if word == _READ else [text]
    return Statement(name, Effect.ALLOW, tuple(actions), resources=(EVERYWHERE,), conditions=conditions)

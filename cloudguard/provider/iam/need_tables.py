"""Permission needs and escalation paths, read from the TOML tables of a provider's package.

``needed/*.toml`` lists the permissions that parts of a cluster need. ``escalations.toml`` lists actions that together
give more power. Other files list statements for another purpose. Each entry names its source. Texts may hold
placeholders (``<cluster>``), which are filled for one cluster. A need with ``statements-of`` has the statements of the
needs listed there, followed by its own statements. A ``documented`` statement is what the source grants if it also
covers resources outside the cluster; a ``bound`` statement on the cluster's own resources is the need in its place.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import fields, replace
from functools import cached_property, lru_cache
from importlib.resources.abc import Traversable
from itertools import product
from typing import Any, Final

from cloudguard.model.iam_catalog import Confidence, EscalationPath, Impact, PermissionNeed, UnplacedStatement
from cloudguard.model.identity import Condition, Effect, Statement
from cloudguard.tables import record
from cloudguard.values import cached_method

Table = Mapping[str, Any]
"""A TOML table as it is in the file."""
Values = Mapping[str, Sequence[str]]
"""Placeholder → values: ``{"cluster": ["prod"]}``. A text is repeated for each value, and left out without a value."""
_PLACEHOLDER: Final = re.compile(r"<([a-z]+)>")
STATEMENT_KEYS: Final = frozenset(
    ("actions", "bound", "conditions", "effect", "name", "not-actions", "not-resources", "own-policy", "resources")
)
"""The keys that a statement of a need may have."""
_VALUES: Final = 2
"""The index of the first value in a condition of a table; before it are the operator and the key."""
_STATEMENTS: Final = "statement"
_DOCUMENTED: Final = "documented"
_NEED_KEYS: Final = {
    _STATEMENTS,
    "statements-of",
    *(field.name.replace("_", "-") for field in fields(PermissionNeed) if field.name not in {"statements", "unplaced"}),
}


class NeedTables:
    """The tables in one folder. They are parsed at the first access."""

    def __init__(self, folder: Traversable) -> None:
        self._folder = folder

    @cached_property
    def written(self) -> tuple[Table, ...]:
        """The needs as they are in the files, file by file. Raises ValueError for an unknown key."""
        files = sorted(self._folder.joinpath("needed").iterdir(), key=str)
        texts = (file.read_text(encoding="utf-8") for file in files if file.name.endswith(".toml"))
        needs = tuple(need for text in texts for need in tomllib.loads(text)["need"])
        for need in needs:
            unread = _unread_keys(need)
            if unread:
                message = f"the need {need.get('id')!r} has unknown keys: {', '.join(unread)}"
                raise ValueError(message)
        return needs

    def needs(self, values: Values, places: Mapping[str, str] | None = None) -> tuple[PermissionNeed, ...]:
        """Return every need with its placeholders filled.

        ``places``: placeholder → its meaning in words. A need that lacks a value for such a placeholder is kept, as an
        unplaced need.
        """
        frozen = tuple((name, tuple(texts)) for name, texts in values.items())
        return _needs(self, frozen, tuple((places or {}).items()))

    def need(self, table: Table, values: Values, places: Mapping[str, str]) -> PermissionNeed:
        """Return a need with its placeholders filled."""
        documented = _statements(table["id"], self._statement_tables(table, _DOCUMENTED), values)
        written = {key: value for key, value in table.items() if key not in {_STATEMENTS, "statements-of"}}
        written["statements"] = self.statements(table, values)
        written["documented"] = tuple(documented)
        written["unplaced"] = tuple(_unplaced(table["id"], self._statement_tables(table), values, places))
        pairs = [(name, value) for name, value in table.get("traits", ())]
        return record(PermissionNeed, {**written, "traits": pairs}, confidence=Confidence)

    def statements(self, table: Table, values: Values) -> tuple[Statement, ...]:
        """Return the statements of a need, or of a policy in the same form, with their placeholders filled."""
        return tuple(_statements(table["id"], self._statement_tables(table), values))

    def granted(self, table: Table, values: Values) -> tuple[Statement, ...]:
        """Return the statements that the source of a need grants: the documented ones in place of the bound ones."""
        unconditional = (statement for statement in self._statement_tables(table) if not statement.get("bound"))
        return tuple(_statements(table["id"], (*unconditional, *self._statement_tables(table, _DOCUMENTED)), values))

    def _statement_tables(self, table: Table, key: str = _STATEMENTS) -> Iterator[Table]:
        for name in table.get("statements-of", ()):
            yield from self._statement_tables(self._by_id[name], key)
        yield from table.get(key, ())

    @cached_property
    def _by_id(self) -> Mapping[str, Table]:
        return {table["id"]: table for table in self.written}

    def statements_in(self, file: str, values: Values) -> tuple[Statement, ...]:
        """Return the statements in ``file`` ("harmless.toml"), with their placeholders filled."""
        return tuple(_statements(file, self._read(file)[_STATEMENTS], values))

    @cached_method
    def _read(self, file: str) -> Table:
        return tomllib.loads(self._folder.joinpath(file).read_text(encoding="utf-8"))

    @cached_property
    def escalation_paths(self) -> tuple[EscalationPath, ...]:
        """All escalation paths of the table."""
        return tuple(
            record(
                EscalationPath,
                table,
                impact=Impact,
                passrole_conditions=lambda conditions: tuple(_conditions(conditions, {})),
            )
            for table in self._read("escalations.toml")["escalation"]
        )


@lru_cache(maxsize=4)
def _needs(
    tables: NeedTables, values: tuple[tuple[str, tuple[str, ...]], ...], places: tuple[tuple[str, str], ...]
) -> tuple[PermissionNeed, ...]:
    """Return every need of ``tables``. Two snapshots of one cluster have the same needs."""
    return tuple(tables.need(table, dict(values), dict(places)) for table in tables.written)


def _unread_keys(need: Table) -> list[str]:
    listed = (statement for name in (_STATEMENTS, _DOCUMENTED) for statement in need.get(name, ()))
    of_statements = {key for statement in listed for key in statement}
    return sorted((need.keys() - _NEED_KEYS) | (of_statements - STATEMENT_KEYS))


def _statements(name: str, tables: Iterable[Table], values: Values) -> Iterator[Statement]:
    """Yield ``tables`` as statements, named after ``name``.

    A statement is left out if the placeholders in its resources, or in the values of a condition, have no value.
    """
    for number, table in enumerate(tables, 1):
        resources = tuple(filled(table.get("resources", ()), values))
        not_resources = tuple(filled(table.get("not-resources", ()), values))
        if (resources or not_resources) and all(
            _is_placed(condition, values) for condition in table.get("conditions", ())
        ):
            yield Statement(
                name=f"{name}/{table.get('name', f'#{number}')}",
                effect=Effect(table.get("effect", "allow")),
                actions=tuple(table.get("actions", ())),
                not_actions=tuple(table.get("not-actions", ())),
                resources=resources,
                not_resources=not_resources,
                conditions=tuple(_conditions(table.get("conditions", ()), values)),
            )


def _unplaced(
    name: str, tables: Iterable[Table], values: Values, places: Mapping[str, str]
) -> Iterator[UnplacedStatement]:
    """Yield the statements whose placeholders have no value because a place of ``places`` is unknown.

    The unknown resources are filled with ``*``, because they may be any resource.
    """
    anywhere = {place: ["*"] for place in places if not values.get(place)}
    for number, table in enumerate(tables, 1):
        texts = (
            *table.get("resources", ()),
            *(text for condition in table.get("conditions", ()) for text in condition),
        )
        unknown = dict.fromkeys(places[place] for place in _placeholders(texts) if place in anywhere)
        if unknown and not any(_statements(name, (table,), values)):
            kept = [
                condition
                for condition in table.get("conditions", ())
                if not anywhere.keys() & {*_placeholders(condition)}
            ]
            (statement,) = _statements(name, ({**table, "conditions": kept},), {**values, **anywhere})
            statement = replace(statement, name=f"{name}/{table.get('name', f'#{number}')}")
            yield UnplacedStatement(" and ".join(unknown), statement, table.get("own-policy", False))


def _placeholders(texts: Iterable[str]) -> Iterator[str]:
    return (name for text in texts for name in _PLACEHOLDER.findall(text))


def _is_placed(condition: Sequence[str], values: Values) -> bool:
    """Whether the values of a condition can be filled, or the condition needs no value."""
    return len(condition) <= _VALUES or any(filled(condition[_VALUES:], values))


def _conditions(listed: Iterable[Sequence[str]], values: Values) -> Iterator[Condition]:
    for operator, key, *wanted in listed:
        for filled_key in filled((key,), values):
            yield Condition(operator, filled_key, tuple(filled(wanted, values)))


def filled(texts: Iterable[str], values: Values) -> Iterator[str]:
    """Yield each text once for every combination of its placeholders' values; skip it if one has no value."""
    for text in texts:
        if "<" not in text:  # most texts have no placeholder
            yield text
            continue
        names = sorted(set(_PLACEHOLDER.findall(text)))
        for chosen in product(*(values.get(name, ()) for name in names)):
            result = text
            for name, value in zip(names, chosen, strict=True):
                result = result.replace(f"<{name}>", value)
            yield result

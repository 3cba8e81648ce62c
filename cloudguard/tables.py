"""TOML tables that a package holds beside its modules."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping
from functools import cache
from importlib.resources import files
from typing import Any, TypeVar, cast

T = TypeVar("T")


@cache
def table_of(package: str, name: str) -> Mapping[str, Any]:
    """Return the table in the file ``name`` ("ports.toml") of ``package`` ("cloudguard.needs").

    It is read once in a process, and must not be changed.
    """
    return tomllib.loads(files(package).joinpath(name).read_text(encoding="utf-8"))


def record(type_: type[T], table: Mapping[str, Any], /, **read: Callable[[Any], Any]) -> T:
    """Return ``table`` as a dataclass. Its keys are the fields, with dashes ("shut-by" for ``shut_by``).

    ``read``: field → a function that converts the value of its key. Other lists become tuples. Raises TypeError for an
    unknown key, and for a missing one whose field has no default.
    """
    values = dict[str, Any]()
    for key, value in table.items():
        name = key.replace("-", "_")
        plain = tuple(cast("list[object]", value)) if isinstance(value, list) else value
        values[name] = read[name](value) if name in read else plain
    return type_(**values)

"""TOML tables that a package holds beside its modules."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any


@cache
def table_of(package: str, name: str) -> Mapping[str, Any]:
    """Return the table in the file ``name`` ("ports.toml") of ``package`` ("cloudguard.needs").

    It is read once in a process, and must not be changed.
    """
    return tomllib.loads(files(package).joinpath(name).read_text(encoding="utf-8"))

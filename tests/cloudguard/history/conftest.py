"""Stores for the tests: an SQLite file, and a database of a real PostgreSQL server."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import pytest

import postgresql
from cloudguard.history.address import address
from cloudguard.history.opening import Purpose
from cloudguard.history.store import Store, open_store
from validators import needs

_NUMBERS = count()


@pytest.fixture(scope="session")
def server() -> Iterator[postgresql.Server]:
    """A PostgreSQL server, started once."""
    with postgresql.running() as found:
        yield found


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=needs(postgresql.INITDB))])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of an empty store of each kind."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'history.db'}"
    found: postgresql.Server = request.getfixturevalue("server")
    return found.make(f"history_{next(_NUMBERS)}")


@pytest.fixture
def store(url: str) -> Store:
    """A store of each kind, with its tables."""
    return open_store(address(url), Purpose.INIT)


@pytest.fixture
def sqlite_store(tmp_path: Path) -> Callable[[], Store]:
    """A function that opens the same SQLite store again and again."""
    return lambda: open_store(address(f"sqlite:///{tmp_path / 'history.db'}"), Purpose.RUN)

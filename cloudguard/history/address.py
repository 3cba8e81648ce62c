"""The address of a store: parses its URL without loading a database driver, and shows it without the password."""

from __future__ import annotations

from dataclasses import field
from pathlib import Path
from typing import Final
from urllib.parse import quote, unquote, urlsplit

from cloudguard.errors import UsageError
from cloudguard.values import dataclass

SQLITE: Final = "sqlite:///"
POSTGRESQL: Final = "postgresql+psycopg"
_HINT: Final = "Write sqlite:///history.db, or postgresql+psycopg://USER@HOST/DATABASE with the password in PGPASSWORD"


@dataclass(frozen=True, slots=True)
class StoreAddress:
    """A store's address. ``file`` is the SQLite file, None for PostgreSQL. ``shown`` is the URL without password."""

    url: str = field(repr=False)
    shown: str
    password: str = field(default="", repr=False)
    file: Path | None = None


def of_file(file: Path) -> StoreAddress:
    """Return the address of a store in an SQLite file."""
    shown = f"{SQLITE}{file}"
    return StoreAddress(f"{SQLITE}{quote(str(file))}", shown, file=file)


def address(url: str) -> StoreAddress:
    """Return the address for ``url``; raises UsageError, without the URL in its message, if it is not a store's URL."""
    scheme = url.partition("://")[0]
    if scheme == "sqlite":
        if url.startswith(SQLITE) and url != SQLITE and "?" not in url:
            return of_file(Path(unquote(url.removeprefix(SQLITE))))
        message = "--store: the URL of an SQLite store is sqlite:/// and the file, without options"
        raise UsageError(message, hint=_HINT)
    if scheme in {"postgresql", "postgres", POSTGRESQL} and "://" in url:
        return _server(f"{POSTGRESQL}://{url.partition('://')[2]}")
    message = "--store: the URL must begin with sqlite:/// or postgresql+psycopg://"
    raise UsageError(message, hint=_HINT)


def _server(url: str) -> StoreAddress:
    try:
        split = urlsplit(url)
        port = f":{split.port}" if split.port else ""
    except ValueError:
        message = "--store: the URL is not valid"
        raise UsageError(message, hint=_HINT) from None
    user = f"{split.username}@" if split.username else ""
    shown = f"{POSTGRESQL}://{user}{split.hostname or ''}{port}{split.path}"
    return StoreAddress(url, shown, unquote(split.password or ""))

"""A PostgreSQL server from Debian's package, on loopback, with its own data folder. It starts once in a test run."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import mkdtemp
from typing import LiteralString

import psycopg
from psycopg.sql import SQL, Identifier

PASSWORD = "s3cr3t-of-the-store"  # noqa: S105 - of a server that the test starts
INITDB = max(Path("/usr/lib/postgresql").glob("*/bin/initdb"), default=Path("/usr/lib/postgresql/VERSION/bin/initdb"))
"""The program initdb of Debian's package. The path does not exist if the package is not installed."""


@dataclass(frozen=True, slots=True)
class Server:
    """A running server, with the user "guard"."""

    port: int

    def url(self, database: str, password: str = PASSWORD) -> str:
        """Return the URL of a database in the form of a store's URL."""
        return f"postgresql+psycopg://guard:{password}@127.0.0.1:{self.port}/{database}"

    def make(self, database: str) -> str:
        """Create a database and return its URL."""
        with psycopg.connect(self.url("postgres").replace("+psycopg", ""), autocommit=True) as connection:
            connection.execute(SQL("CREATE DATABASE {}").format(Identifier(database)))
        return self.url(database)

    def sql(self, statement: LiteralString, database: str = "postgres") -> list[tuple[object, ...]]:
        """Run a statement and return its rows."""
        where = f"host=127.0.0.1 port={self.port} user=guard dbname={database}"
        with psycopg.connect(where, password=PASSWORD, autocommit=True) as connection:
            cursor = connection.execute(statement)
            return cursor.fetchall() if cursor.description else []


@contextmanager
def running() -> Generator[Server]:
    """Yield a running server. It runs as a user that is not root, because PostgreSQL refuses root."""
    folder = Path(mkdtemp(prefix="cloudguard-pg-"))
    data, secret, port = folder / "data", folder / "password", _free_port()
    secret.write_text(PASSWORD, encoding="utf-8")
    user = _owner(folder)
    authentication = ("--auth=scram-sha-256", "--username=guard", f"--pwfile={secret}")
    _run(user, INITDB, "--no-sync", "--encoding=UTF8", "--locale=C", *authentication, f"--pgdata={data}")
    options = f"-c listen_addresses=127.0.0.1 -c port={port} -c unix_socket_directories={folder} -c fsync=off"
    control = (INITDB.with_name("pg_ctl"), f"--pgdata={data}", "--wait")
    _run(user, *control, f"--log={folder / 'log'}", f"--options={options}", "start")
    try:
        yield Server(port)
    finally:
        _run(user, *control, "--mode=immediate", "stop")
        shutil.rmtree(folder)


def _owner(folder: Path) -> str | None:
    """If this process is root, give the folder to the user nobody, and return that user's name; else None."""
    if os.getuid():
        return None
    user = pwd.getpwnam("nobody")
    for path in (folder, *folder.iterdir()):
        os.chown(path, user.pw_uid, user.pw_gid)
    return user.pw_name


def _run(user: str | None, *words: object) -> None:
    done = subprocess.run(  # noqa: S603 - programs of the package
        [str(word) for word in words],
        user=user,
        extra_groups=[] if user else None,
        cwd="/",
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])

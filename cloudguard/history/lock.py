"""The lock of a store and a cluster: only one run at a time may read a cluster into a store."""

from __future__ import annotations

from contextlib import ExitStack
from hashlib import sha256
from pathlib import Path
from time import monotonic, sleep
from typing import Final

from sqlalchemy import Engine, text

from cloudguard.errors import LockedError
from cloudguard.history.address import StoreAddress
from cloudguard.history.opening import failing

PAUSE: Final = 0.2
"""Seconds between two attempts."""


class Lock:
    """The lock of a cluster in a store. The end of the process releases it, also after a crash.

    ``cluster`` is the cluster's name for messages; ``key`` identifies the lock.
    """

    def __init__(self, address: StoreAddress, engine: Engine, cluster: str, key: str) -> None:
        self._address, self._engine, self._cluster = address, engine, cluster
        self._digest = sha256(key.encode("utf-8", "backslashreplace")).hexdigest()[:15]
        self._held = ExitStack()

    def acquire(self, wait: float) -> None:
        """Take the lock within ``wait`` seconds.

        Raises LockedError if another run holds it, and StoreError if the store fails.
        """
        with failing(self._address):
            if self._address.file is not None:
                self._lock_file(self._address.file, wait)
            else:
                self._lock_session(wait)

    def release(self) -> None:
        """Release the lock, if it is held."""
        self._held.close()

    def _lock_file(self, store: Path, wait: float) -> None:
        from filelock import FileLock, Timeout  # noqa: PLC0415 - only an SQLite store needs it

        lock = FileLock(store.with_name(f".{store.name}.{self._digest}.lock"), mode=0o600)
        try:
            lock.acquire(timeout=wait, poll_interval=PAUSE)
        except Timeout:
            raise self._busy() from None
        self._held.callback(lock.release)

    def _lock_session(self, wait: float) -> None:
        """Take an advisory lock of the PostgreSQL session. It also excludes runs on other machines."""
        until = monotonic() + wait
        connection = self._held.enter_context(self._engine.connect())
        connection = connection.execution_options(isolation_level="AUTOCOMMIT")
        number = {"number": int(self._digest, 16)}
        while not connection.scalar(text("SELECT pg_try_advisory_lock(:number)"), number):
            if monotonic() >= until:
                raise self._busy()
            sleep(PAUSE)

    def _busy(self) -> LockedError:
        message = f"another run uses {self._cluster} in {self._address.shown}"
        return LockedError(message, hint="Try again later, or wait for the other run: --lock-wait 5m")

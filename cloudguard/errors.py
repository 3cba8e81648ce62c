"""The errors that a user can correct. Each has an exit status and may have a hint on what to do next."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import IntEnum


class ExitStatus(IntEnum):
    """Exit statuses of the process."""

    CLEAN = 0
    INTERNAL = 1
    USAGE = 2
    FINDINGS = 3
    INCOMPLETE = 4
    FINDINGS_AND_INCOMPLETE = 5
    LOCKED = 75
    INTERRUPTED = 130
    TERMINATED = 143


class CloudguardError(Exception):
    """The base class of all errors. ``message`` says what is wrong, ``hint`` says what to do next."""

    status: ExitStatus = ExitStatus.INTERNAL

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message}. {self.hint}" if self.hint else self.message


class UsageError(CloudguardError):
    """A flag, an argument or a given file is wrong."""

    status = ExitStatus.USAGE


class SettingsError(UsageError):
    """Flags, environment variables or keys of a file are wrong. ``faults`` has one line for each fault."""

    def __init__(self, faults: Sequence[str]) -> None:
        super().__init__("; ".join(faults))
        self.faults = tuple(faults)


class ClusterNotFoundError(UsageError):
    """No cluster, or more than one, has the given name."""


class SeveralClustersError(ClusterNotFoundError):
    """More than one cluster has the given name. ``choices``: the provider's flags that select each cluster."""

    def __init__(self, message: str, choices: Sequence[Mapping[str, str]], *, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.choices = tuple(choices)


class AccessError(CloudguardError):
    """No call to the cloud was possible: no credentials, an expired token, no endpoint."""

    status = ExitStatus.INCOMPLETE


class StoreError(CloudguardError):
    """The store of past runs can't be read or written."""


class LockedError(CloudguardError):
    """Another run holds the lock of the same store and cluster."""

    status = ExitStatus.LOCKED

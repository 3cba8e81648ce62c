"""The command ``version``."""

from __future__ import annotations

from cloudguard.cli.failures import put
from cloudguard.cli.settings import CommandLine
from cloudguard.errors import ExitStatus
from cloudguard.version import version as version_of


def version(line: CommandLine) -> int:
    """Print the version."""
    del line
    put(f"cloudguard {version_of()}\n")
    return int(ExitStatus.CLEAN)

"""Checks the names of environment variables: a misspelt name would be ignored, and so change the results silently."""

from __future__ import annotations

import os
from collections.abc import Iterator

from cloudguard.cli import flags
from cloudguard.cli.failures import DEBUG, say
from cloudguard.errors import SettingsError
from cloudguard.needs.setting import ENVIRONMENT, variable
from cloudguard.needs.settings import IN_FILE
from cloudguard.provider.port import installed

_LETTERS = 2
"""An unknown name that differs from a setting's name by at most this number of letters counts as misspelt."""


def check_names(*, quiet: bool) -> None:
    """Warn about variables that are not settings, unless ``quiet``; raises SettingsError for misspelt variables."""
    variables = [name for name in sorted(os.environ) if name.startswith(ENVIRONMENT)]
    known = set(_known()) if variables else set[str]()
    faults = list[str]()
    for name in (name for name in variables if name not in known):
        distance, nearest = min((_distance(name, other), other) for other in known)
        if distance <= _LETTERS:
            faults.append(f"{name}: there is no such variable. Did you mean {nearest!r}?")
        elif not quiet:
            say(f"cloudguard: {name} is not a setting and has no effect")
    if faults:
        raise SettingsError(faults)


def _known() -> Iterator[str]:
    yield DEBUG
    flags_of_providers = (flag for provider in installed() for flag in flags.own_flags(provider))
    yield from (
        variable(setting.name) for setting in (*IN_FILE, *flags.NOT_IN_FILE, *flags_of_providers) if setting.flag
    )


def _distance(word: str, other: str) -> int:
    """Return the edit distance: how many letters to add, drop or replace to turn ``word`` into ``other``."""
    row = list(range(len(other) + 1))
    for count, letter in enumerate(word, 1):
        above = row
        row = [count]
        for place, wanted in enumerate(other, 1):
            row.append(min(above[place] + 1, row[-1] + 1, above[place - 1] + (letter != wanted)))
    return row[-1]

"""Completion in a shell: its script, and what may follow the words typed so far."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from typing import Final

from typer.core import TyperGroup

from cloudguard.errors import UsageError

SHELLS: Final = ("bash", "zsh", "fish")
VARIABLE: Final = "_CLOUDGUARD_COMPLETE"
"""The environment variable that a completion script sets; typer derives it from the program's name."""


def script(shell: str) -> int:
    """Print the completion script of ``shell``; raises UsageError when it is none of ``SHELLS``."""
    if shell not in SHELLS:
        message = f"name a shell: {', '.join(SHELLS)}"
        raise UsageError(message, hint="Try: cloudguard completion bash")
    return _answer(TyperGroup(), f"source_{shell}")


def suggestions(command_line: Callable[[Sequence[str]], TyperGroup]) -> int:
    """Print what may follow the words in the environment; ``command_line`` makes typer's command for those words."""
    text = os.environ.get("COMP_WORDS") or os.environ.get("_TYPER_COMPLETE_ARGS", "")
    words = text.split()[1:]
    try:
        command = command_line(words if text[-1:].isspace() else words[:-1])
    except UsageError as error:
        return int(error.status)
    return _answer(command, os.environ[VARIABLE])


def _answer(command: TyperGroup, instruction: str) -> int:
    from typer.completion import get_completion_inspect_parameters, shell_complete  # noqa: PLC0415 - a shell asks

    get_completion_inspect_parameters()  # makes typer's shells known
    return shell_complete(command, {}, "cloudguard", VARIABLE, instruction)

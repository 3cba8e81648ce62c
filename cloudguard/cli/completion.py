"""Shell completion: the script for a shell, and the suggestions for the words typed so far."""

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
    """Print the completion script of ``shell``; raises UsageError if it is not one of ``SHELLS``."""
    if shell not in SHELLS:
        message = f"name a shell: {', '.join(SHELLS)}"
        raise UsageError(message, hint="Try: cloudguard completion bash")
    return _answer(TyperGroup(), f"source_{shell}")


def suggestions(command_line: Callable[[Sequence[str]], TyperGroup]) -> int:
    """Print the words that may follow the command line in the environment; return the exit status.

    ``command_line`` makes typer's command for the words typed so far.
    """
    text = os.environ.get("COMP_WORDS") or os.environ.get("_TYPER_COMPLETE_ARGS", "")
    words = text.split()[1:]
    try:
        command = command_line(words if text[-1:].isspace() else words[:-1])
    except UsageError as error:
        return int(error.status)
    return _answer(command, os.environ[VARIABLE])


def _answer(command: TyperGroup, instruction: str) -> int:
    from typer.completion import get_completion_inspect_parameters, shell_complete  # noqa: PLC0415 - for shells only

    get_completion_inspect_parameters()  # its side effect registers typer's shells
    return shell_complete(command, {}, "cloudguard", VARIABLE, instruction)

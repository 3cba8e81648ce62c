"""The whole command line. Typer only parses the arguments and returns the function that does the work."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final, cast

import typer
from typer.core import TyperGroup

from cloudguard.cli.failures import put
from cloudguard.cli.typer_commands import HELP_OPTION, as_written
from cloudguard.errors import ExitStatus, UsageError

HELP: Final = {
    "check": "Check one or several clusters and write the reports.",
    "plan": "Plan changes that fix findings, with a proof for each.",
    "collect": "Read one cluster and write a snapshot of it.",
    "discover": "List the clusters that the account shows.",
    "permissions": "Print the read-only policy that check needs.",
    "explain": "Explain a row, a check or a finding.",
    "waivers": "Accept findings for a limited time, and list the waivers.",
    "history": "Keep a history of runs, and show it.",
    "report": "Write a JSON report in another format.",
    "diff": "Compare two snapshots or reports of one cluster.",
    "schema": "Print the JSON Schema of an input or output file.",
    "completion": "Print a shell's completion script.",
    "version": "Print the version.",
}
"""Command → one-line help."""
_HELP: Final = """Is the cloud under this Kubernetes cluster locked down, and what exactly would I change?

Five questions, each answered with proof. Exit status: 0 clean, 1 internal error, 2 wrong usage, 3 findings,
4 something could not be read, 5 both 3 and 4.

Example: cloudguard check aws --cluster prod
"""


def parse(argv: Sequence[str]) -> Callable[[], int]:
    """Return the function that does the work of ``argv``; ``--help`` is printed here.

    Raises UsageError if the command line is wrong.
    """
    command = command_line(argv)
    try:
        result: object = command.main(args=list(argv) or ["--help"], prog_name="cloudguard", standalone_mode=False)
    except typer.TyperException as error:
        raise UsageError(error.format_message().rstrip("."), hint=f"Try: {_command_of(argv)} --help") from None
    if callable(result):
        return cast("Callable[[], int]", result)
    return lambda: int(ExitStatus.CLEAN if argv else ExitStatus.USAGE)


def command_line(words: Sequence[str]) -> TyperGroup:
    """Return typer's command. Only the command and the providers that ``words`` name get their flags.

    Raises UsageError if ``words`` name a provider that is not installed.
    """
    named = words[0] if words and words[0] in HELP else ""
    app = typer.Typer(add_completion=False, rich_markup_mode="rich" if named else None, pretty_exceptions_enable=False)
    app.callback(help=_HELP, add_help_option=False)(_root)
    for name, text in HELP.items():
        if name == named:
            from cloudguard.cli.commands import add  # noqa: PLC0415 - the main help needs no flags

            add(app, name, text, words[1:])
        else:
            app.command(name, help=text)(_do_nothing)
    return as_written(typer.main.get_group(app))


def _command_of(words: Sequence[str]) -> str:
    """Return "cloudguard", with the command and provider that ``words`` start with, for a hint."""
    named = [word for word in words[:1] if word in HELP]
    return " ".join(("cloudguard", *named, *(word for word in words[1:2] if named and word.isidentifier())))


def _version(requested: bool) -> None:
    if requested:
        from cloudguard.version import version  # noqa: PLC0415 - help does not need it

        put(f"cloudguard {version()}\n")
        raise typer.Exit


_VERSION_OPTION: Final[bool] = typer.Option(
    False, "--version", "-V", help="Print the version.", metavar="", callback=_version, is_eager=True
)


def _root(version: bool = _VERSION_OPTION, help: bool = HELP_OPTION) -> None:  # noqa: A002 - the flag's name
    """Do nothing. Typer needs a callback to make a group."""
    del version, help


def _do_nothing() -> None:
    """Do nothing. This is the function of commands that the command line does not name."""

"""The commands and their flags. Typer only parses: what it returns is the work to do."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeAlias, cast

import typer

from cloudguard.cli.flags import CLUSTER, CONFIG, OUTPUT, POLICY, REPORT, ROLES, SNAPSHOT, TALK
from cloudguard.cli.typer_commands import Argument, Flag, Values, add_command
from cloudguard.errors import ExitStatus, UsageError
from cloudguard.provider.port import Option, installed, load

Work: TypeAlias = Callable[[], int]

_PROVIDER = Argument("provider", "The cloud to ask; name it before --help to see its own flags too.")
_ONE_PROVIDER = Argument("provider", _PROVIDER.help, default=None)
_WHAT = Argument("what", "A row, a check or a finding's id; without it, all rows and checks are listed.")
_LIST_FORMAT = Flag("format", "Write table or json, to FILE if given.", "FMT[=FILE]", many=True, short="-f")
_WITH_PROVIDER = frozenset(("check", "collect", "discover", "permissions", "explain"))


def parse(argv: Sequence[str]) -> Work:
    """Return the work that ``argv`` asks for; help is printed here. Raises UsageError on a wrong command line."""
    command = typer.main.get_command(_app(argv))
    try:
        found: object = command.main(args=list(argv) or ["--help"], prog_name="cloudguard", standalone_mode=False)
    except typer.TyperException as error:
        message = error.format_message().rstrip(".")
        hint = f"Try: cloudguard {f'{argv[0]} ' if argv[0] in _WITH_PROVIDER else ''}--help"
        raise UsageError(message, hint=hint) from None
    if callable(found):
        return cast("Work", found)
    return lambda: int(ExitStatus.CLEAN) if argv else int(ExitStatus.USAGE)


def _app(argv: Sequence[str]) -> typer.Typer:
    app = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)
    app.callback(help=_HELP)(_nothing)
    own = _own_flags(argv)
    whole: tuple[Argument | Flag, ...] = (_PROVIDER, CLUSTER, SNAPSHOT, *own, *ROLES, *POLICY, CONFIG)
    add_command(app, "check", _CHECK, (*whole, *REPORT, *TALK), _check)
    add_command(app, "collect", _COLLECT, (_ONE_PROVIDER, CLUSTER, *own, *ROLES, CONFIG, OUTPUT, *TALK), _collect)
    add_command(app, "discover", _DISCOVER, (_ONE_PROVIDER, *own, CONFIG, _LIST_FORMAT, OUTPUT, *TALK), _discover)
    add_command(app, "permissions", _PERMISSIONS, (_ONE_PROVIDER, OUTPUT), _permissions)
    add_command(app, "explain", _EXPLAIN, (_WHAT, *whole, OUTPUT, *TALK), _explain)
    add_command(app, "version", "Print the version.", (), _version)
    return app


def _own_flags(argv: Sequence[str]) -> tuple[Flag, ...]:
    """Return the flags of every provider that ``argv`` names; none is loaded that isn't named."""
    if not argv or argv[0] not in _WITH_PROVIDER or len(argv) == 1:
        return ()
    known = installed()
    second = argv[1]
    if argv[0] != "explain" and not second.startswith("-") and second not in known:
        load(second)
    options = [option for word in argv[1:] if word in known for option in load(word).options]
    return tuple({option.name: _flag(option) for option in options}.values())


def _flag(option: Option) -> Flag:
    return Flag(option.name, option.help, option.metavar, many=option.many)


def _nothing() -> None:
    """Be a callback, so that typer makes a group."""


def _check(values: Values) -> Work:
    from cloudguard.cli.check import check  # noqa: PLC0415 - a command's imports are paid by who runs it

    return lambda: check(values)


def _collect(values: Values) -> Work:
    from cloudguard.cli.check import collect  # noqa: PLC0415 - as above

    return lambda: collect(values)


def _discover(values: Values) -> Work:
    from cloudguard.cli.discover import discover  # noqa: PLC0415 - as above

    return lambda: discover(values)


def _permissions(values: Values) -> Work:
    from cloudguard.cli.discover import permissions  # noqa: PLC0415 - as above

    return lambda: permissions(values)


def _explain(values: Values) -> Work:
    from cloudguard.cli.explain import explain  # noqa: PLC0415 - as above

    return lambda: explain(values)


def _version(values: Values) -> Work:
    from cloudguard.cli.discover import version  # noqa: PLC0415 - as above

    return lambda: version(values)


_HELP = """Is the cloud under this Kubernetes cluster locked down, and what exactly would I change?

Five questions, each answered with proof. Exit status: 0 clean, 1 internal error, 2 wrong usage, 3 findings,
4 something could not be read, 5 both 3 and 4.
"""
_CHECK = """Judge one cluster and write a report.

cloudguard check aws --cluster prod, or from a file: cloudguard check --snapshot prod.json. Every flag may be set by
an environment variable: --fail-on by CLOUDGUARD_FAIL_ON (repeated values are separated by spaces).
"""
_COLLECT = "Read one cluster and write a snapshot, which check --snapshot judges later."
_DISCOVER = "List the clusters that the account shows."
_PERMISSIONS = "Print the read-only policy that check needs."
_EXPLAIN = """Explain a row, a check or a finding.

For a finding, say where to look: cloudguard explain ID --snapshot prod.json, or cloudguard explain ID aws
--cluster prod.
"""

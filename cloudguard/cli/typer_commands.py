"""Makes typer's parameters from settings, so that a flag is the same in every command."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import field
from functools import partial
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import typer
from typer.core import TyperGroup

from cloudguard.values import dataclass

if TYPE_CHECKING:  # the main help does not need settings
    from cloudguard.needs.setting import Setting

Function: TypeAlias = Callable[..., object]
GENERAL_PANEL: Final = "General"


@dataclass(frozen=True, slots=True)
class Argument:
    """A positional argument, which is optional. Shell completion offers its ``choices``."""

    name: str
    help: str
    choices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Command:
    """A command. It has a sub-command for each provider if ``example`` contains "{provider}".

    ``help`` and ``more`` are the paragraphs of its help; the ``help`` of main commands is in ``app.HELP``. ``alone``
    are the flags that are usable without a provider. ``own_flags`` adds the provider's own flags. ``actions`` maps the
    names of its actions to their commands.
    """

    example: str
    more: str = ""
    flags: tuple[Setting[Any], ...] = ()
    alone: tuple[Setting[Any], ...] = ()
    arguments: tuple[Argument, ...] = ()
    own_flags: bool = False
    help: str = ""
    actions: Mapping[str, Command] = field(default_factory=dict[str, "Command"])


def function(
    parameters: Sequence[Argument | Setting[Any]],
    then: Callable[[Mapping[str, object]], object],
    hidden: Collection[Setting[Any]] = (),
) -> Function:
    """Return a function that typer can turn into a command.

    It calls ``then`` with a dict of parameter name → given value. Flags in ``hidden`` are accepted, but not shown.
    """
    names = {_key(parameter): parameter.name for parameter in parameters}

    def command(**values: object) -> object:
        return then({names[key]: values[key] for key in names if values[key] not in (None, False)})

    signature = inspect.Signature([*(_parameter(parameter, hidden) for parameter in parameters), _HELP])
    command.__signature__ = signature  # type: ignore[attr-defined] # typer reads it; a function may carry one
    command.__annotations__ = {}
    return command


def as_written(group: TyperGroup) -> TyperGroup:
    """Return ``group``, changed so that the values of all flags stay texts, without typer's conversion.

    The settings parse the values. Typer would load pydantic to copy each text, which takes as long as the rest of
    typer.
    """
    for command in (group, *group.commands.values()):
        for parameter in command.params:
            parameter.process_value = partial(_value, parameter)  # type: ignore[method-assign] # typer makes the object
        if isinstance(command, TyperGroup) and command is not group:
            as_written(command)
    return group


def _value(parameter: Any, context: object, value: object) -> object:  # noqa: ANN401 - typer's own class has no name
    return parameter.callback(context, parameter, value) if parameter.callback else value


def _key(parameter: Argument | Setting[Any]) -> str:
    """Return the name of the Python parameter. The prefix of flags avoids Python's keywords."""
    return parameter.name if isinstance(parameter, Argument) else "flag_" + parameter.name.replace("-", "_")


def _parameter(parameter: Argument | Setting[Any], hidden: Collection[Setting[Any]]) -> inspect.Parameter:
    if isinstance(parameter, Argument):
        info: object = typer.Argument(
            None,
            help=parameter.help,
            metavar=parameter.name.upper(),
            show_default=False,
            autocompletion=_completion(parameter.choices),
        )
        annotation: object = str
    else:
        info, annotation = _option(parameter, hidden=parameter in hidden)
    return inspect.Parameter(_key(parameter), inspect.Parameter.KEYWORD_ONLY, default=info, annotation=annotation)


def _option(setting: Setting[Any], *, hidden: bool) -> tuple[object, object]:
    option: object = typer.Option(
        0 if setting.kind.counted else False if setting.kind.switch else None,
        f"--{setting.name}",
        *([setting.short] if setting.short else []),
        help=f"{setting.help} (default: {setting.default})" if setting.default else setting.help,
        metavar=setting.metavar,
        hidden=hidden,
        rich_help_panel=setting.panel,
        show_default=False,
        count=setting.kind.counted,
        autocompletion=_completion(setting.kind.choices),
    )
    if setting.kind.counted:
        return option, int
    return option, bool if setting.kind.switch else list[str] if setting.repeated else str


def _completion(choices: tuple[str, ...]) -> Callable[[], list[str]] | None:
    return (lambda: list(choices)) if choices else None


def _show_help(context: typer.Context, requested: bool) -> None:
    if requested:
        if text := context.get_help():  # empty if typer has printed the help itself, with panels
            typer.echo(text)
        raise typer.Exit


HELP_OPTION: Final[bool] = typer.Option(
    False,
    "--help",
    "-h",
    help="Show this message.",
    metavar="",
    is_eager=True,
    callback=_show_help,
    rich_help_panel=GENERAL_PANEL,
)
"""Replaces typer's own ``--help``, which would get a separate panel."""
_HELP: Final = inspect.Parameter("help", inspect.Parameter.KEYWORD_ONLY, default=HELP_OPTION, annotation=bool)

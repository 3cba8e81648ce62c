"""Typer's parameters, made from settings, so that a flag is the same in every command."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import typer
from typer.core import TyperGroup

if TYPE_CHECKING:  # the help of the program itself needs no settings
    from cloudguard.needs.setting import Setting

Function: TypeAlias = Callable[..., object]
GENERAL_PANEL: Final = "General"


@dataclass(frozen=True, slots=True)
class Argument:
    """A word without a flag, which may be left out; completion offers its ``choices``."""

    name: str
    help: str
    choices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Command:
    """A command. It has a sub-command for each provider if ``example`` holds "{provider}".

    ``alone`` are the flags that count without a provider. ``own``: the provider's own flags are added. ``help`` says
    what it does, where it is one of the ``actions`` of another.
    """

    example: str
    more: str = ""
    flags: tuple[Setting[Any], ...] = ()
    alone: tuple[Setting[Any], ...] = ()
    arguments: tuple[Argument, ...] = ()
    own: bool = False
    help: str = ""
    actions: Mapping[str, Command] = field(default_factory=dict[str, "Command"])


def function(
    parameters: Sequence[Argument | Setting[Any]],
    then: Callable[[Mapping[str, object]], object],
    hidden: Collection[Setting[Any]] = (),
) -> Function:
    """Return a function for typer to make a command of: it calls ``then`` with the values given, by parameter names.

    Flags in ``hidden`` are accepted, but not shown.
    """
    names = {_key(parameter): parameter.name for parameter in parameters}

    def command(**given: object) -> object:
        return then({names[key]: given[key] for key in names if given[key] not in (None, False)})

    signature = inspect.Signature([*(_parameter(parameter, hidden) for parameter in parameters), _HELP])
    command.__signature__ = signature  # type: ignore[attr-defined] # typer reads it; a function may carry one
    command.__annotations__ = {}
    return command


def as_written(group: TyperGroup) -> TyperGroup:
    """Return ``group``, whose flags and those of its commands pass as they are written: settings read their values.

    Typer would load pydantic to copy each text, which costs as much as all else of typer.
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
    """Return the name of the Python parameter; its prefix avoids keywords."""
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


def _show_help(context: typer.Context, asked: bool) -> None:
    if asked:
        if text := context.get_help():  # with panels, typer prints it itself
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
"""Replaces typer's own, which would have a panel to itself."""
_HELP: Final = inspect.Parameter("help", inspect.Parameter.KEYWORD_ONLY, default=HELP_OPTION, annotation=bool)

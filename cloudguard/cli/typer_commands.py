"""Typer's parameters, made of settings: one flag is told alike in every command."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import typer

if TYPE_CHECKING:  # the first help does without settings
    from cloudguard.needs.settings import Setting

Function: TypeAlias = Callable[..., object]
GENERAL_PANEL: Final = "General"


@dataclass(frozen=True, slots=True)
class Argument:
    """A word that stands without a flag, and may be left out; ``choices`` are offered by completion."""

    name: str
    help: str
    choices: tuple[str, ...] = ()


def function(
    parameters: Sequence[Argument | Setting[Any]],
    then: Callable[[Mapping[str, object]], object],
    hidden: Collection[Setting[Any]] = (),
) -> Function:
    """Return a function that typer makes a command of: it calls ``then`` with the values given, by parameters' names.

    Flags in ``hidden`` are taken and not shown.
    """
    names = {_key(parameter): parameter.name for parameter in parameters}

    def command(**given: object) -> object:
        return then({names[key]: given[key] for key in names if given[key] not in (None, False)})

    signature = inspect.Signature([*(_parameter(parameter, hidden) for parameter in parameters), _HELP])
    command.__signature__ = signature  # type: ignore[attr-defined] # typer reads it; a function may carry one
    command.__annotations__ = {}
    return command


def _key(parameter: Argument | Setting[Any]) -> str:
    """Return the name of a Python parameter; a word in front keeps clear of keywords."""
    return parameter.name if isinstance(parameter, Argument) else "flag_" + parameter.name.replace("-", "_")


def _parameter(parameter: Argument | Setting[Any], hidden: Collection[Setting[Any]]) -> inspect.Parameter:
    if isinstance(parameter, Argument):
        told: object = typer.Argument(
            None,
            help=parameter.help,
            metavar=parameter.name.upper(),
            show_default=False,
            autocompletion=_completion(parameter.choices),
        )
        annotation: object = str
    else:
        told, annotation = _option(parameter, hidden=parameter in hidden)
    return inspect.Parameter(_key(parameter), inspect.Parameter.KEYWORD_ONLY, default=told, annotation=annotation)


def _option(setting: Setting[Any], *, hidden: bool) -> tuple[object, object]:
    option: object = typer.Option(
        False if setting.kind.switch else None,
        f"--{setting.name}",
        *([setting.short] if setting.short else []),
        help=f"{setting.help} (default: {setting.default})" if setting.default else setting.help,
        metavar=setting.metavar,
        hidden=hidden,
        rich_help_panel=setting.panel,
        show_default=False,
        autocompletion=_completion(setting.kind.choices),
    )
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
"""Stands for typer's own, which would have a panel to itself, and would load pydantic to read itself."""
_HELP: Final = inspect.Parameter("help", inspect.Parameter.KEYWORD_ONLY, default=HELP_OPTION, annotation=bool)

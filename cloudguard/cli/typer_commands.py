"""The flags as data, and the typer commands made of them: shared flags and a provider's own are told alike."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias, cast

import typer

Value: TypeAlias = str | bool | int | list[str] | None
ENVIRONMENT = "CLOUDGUARD_"


@dataclass(frozen=True, slots=True)
class Flag:
    """A flag ``--name``. ``switch``: it takes no value; ``many``: it may be repeated; ``short`` is "-f" or ""."""

    name: str
    help: str
    metavar: str = "TEXT"
    many: bool = False
    switch: bool = False
    short: str = ""
    panel: str | None = None

    @property
    def variable(self) -> str:
        """Its environment variable."""
        return ENVIRONMENT + self.name.upper().replace("-", "_")

    @property
    def key(self) -> str:
        """Its name as a Python parameter; a word in front keeps clear of keywords."""
        return "flag_" + self.name.replace("-", "_")


@dataclass(frozen=True, slots=True)
class Argument:
    """A word that stands without a flag; ``default`` None: it must be given."""

    name: str
    help: str
    default: str | None = ""


@dataclass(frozen=True, slots=True)
class Values:
    """What the command line and the environment say, by flag name."""

    said: Mapping[str, Value]

    def one(self, name: str) -> str | None:
        """Return the value of a flag or argument, None when it isn't given."""
        return cast("str | None", self.said.get(name))

    def many(self, name: str) -> tuple[str, ...] | None:
        """Return the values of a repeated flag, None when it isn't given."""
        found = cast("list[str] | None", self.said.get(name))
        return tuple(found) if found else None

    def on(self, name: str) -> bool:
        """Return whether a switch is on."""
        return bool(self.said.get(name))


def add_command(
    app: typer.Typer,
    name: str,
    text: str,
    parameters: Sequence[Argument | Flag],
    then: Callable[[Values], object],
) -> None:
    """Give ``app`` a command that calls ``then`` with the values of ``parameters``; ``text`` is its help."""
    names = {_key(parameter): parameter.name for parameter in parameters}

    def command(**given: Value) -> object:
        return then(Values({names[key]: value for key, value in given.items()}))

    signature = inspect.Signature([_parameter(parameter) for parameter in parameters])
    command.__signature__ = signature  # type: ignore[attr-defined] # typer reads it; a function may carry one
    command.__annotations__ = {}
    app.command(name, help=text)(command)


def _key(parameter: Argument | Flag) -> str:
    return parameter.key if isinstance(parameter, Flag) else parameter.name


def _parameter(parameter: Argument | Flag) -> inspect.Parameter:
    kind = inspect.Parameter.KEYWORD_ONLY
    if isinstance(parameter, Argument):
        default: object = ... if parameter.default is None else parameter.default
        told: object = typer.Argument(default, help=parameter.help, metavar=parameter.name.upper(), show_default=False)
        return inspect.Parameter(parameter.name, kind, default=told, annotation=str)
    annotation = bool if parameter.switch else list[str] if parameter.many else str
    told = typer.Option(
        False if parameter.switch else None,
        f"--{parameter.name}",
        *([parameter.short] if parameter.short else []),
        help=parameter.help,
        metavar=None if parameter.switch else parameter.metavar,
        envvar=parameter.variable,
        show_default=False,
        show_envvar=False,
    )
    return inspect.Parameter(parameter.key, kind, default=told, annotation=annotation)

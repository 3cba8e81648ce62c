"""The flags and arguments of each command, and the functions that run them. Some have a sub-command per provider."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from importlib import import_module
from itertools import chain
from typing import Any, Final, TypeAlias

import typer

from cloudguard.cli.completion import SHELLS, script
from cloudguard.cli.flags import (
    ALL,
    CONFIG,
    EVERY,
    EXPIRES,
    GENERAL,
    KEEP,
    LIST_FORMAT,
    MIN_SEVERITY,
    MOST_RULES,
    OF_CLUSTER,
    ONLY,
    OUTPUT,
    OWNER,
    PERMISSION_FORMAT,
    PLAN_FORMAT,
    PLAN_ROW,
    QUIET,
    REASON,
    ROW,
    ROWS,
    SCHEMAS,
    SHARD,
    SNAPSHOT,
    SUMMARY,
    TARGETS,
    TERRAFORM_STATE,
    VERIFY,
    WITH_ADVICE,
    own_flags,
)
from cloudguard.cli.settings import CommandLine
from cloudguard.cli.typer_commands import Argument, Command, function
from cloudguard.needs.setting import Setting
from cloudguard.needs.settings import DECLARED, FAIL_ON, HISTORY, HOSTS, IN_FILE, NOTICES, REPORT, STORE, WAIVERS
from cloudguard.provider.port import installed, load

Work: TypeAlias = Callable[[], int]


def _panels(*names: str) -> tuple[Setting[Any], ...]:
    return tuple(setting for setting in IN_FILE if setting.flag and setting.panel in names)


_SEVERAL: Final = (ALL, TARGETS, SHARD)
_JUDGED: Final = (SNAPSHOT, *_panels(DECLARED, REPORT, NOTICES), SUMMARY, ROW, MIN_SEVERITY, OUTPUT, *GENERAL)
_PLAN_SETTINGS: Final = (PLAN_ROW, ONLY, WITH_ADVICE, MOST_RULES, TERRAFORM_STATE, PLAN_FORMAT, FAIL_ON, OUTPUT)
_PLANNED: Final = (SNAPSHOT, *_panels(DECLARED), *_PLAN_SETTINGS, *GENERAL)
_PROVIDER: Final = Argument("provider", "The cloud provider, if a finding is explained.")
_WAIVING: Final = (*_panels(HOSTS), SNAPSHOT, *_panels(DECLARED))
_WRITING: Final = (*_WAIVING, REASON, OWNER, EXPIRES, FAIL_ON, *GENERAL)
_WAIVERS: Final[Mapping[str, Command]] = {
    "list": Command(
        "cloudguard waivers list", help="List the waivers of the file.", flags=(WAIVERS, LIST_FORMAT, OUTPUT, *GENERAL)
    ),
    "check": Command(
        "cloudguard waivers check --snapshot prod.json",
        "Without a cluster, only the file is checked. The exit status is 3 if a waiver has expired, covers nothing or "
        "is outgrown.",
        help="Check the file, and show the state of each waiver.",
        flags=(*_WAIVING, LIST_FORMAT, OUTPUT, *GENERAL),
        arguments=(_PROVIDER,),
        own_flags=True,
    ),
    "add": Command(
        "cloudguard waivers add 3 --snapshot prod.json --owner alice --reason office",
        "The waiver is added to --waivers FILE (default: ./cloudguard-waivers.toml). The file's comments are kept.",
        help="Accept a finding with its current width.",
        flags=_WRITING,
        arguments=(Argument("finding", "A finding's number or id."), _PROVIDER),
        own_flags=True,
    ),
    "baseline": Command(
        "cloudguard waivers baseline --snapshot prod.json --owner alice --reason start",
        "Findings below --fail-on are left out.",
        help="Accept all open findings.",
        flags=_WRITING,
        arguments=(_PROVIDER,),
        own_flags=True,
    ),
}
_STORED: Final = (STORE, OF_CLUSTER, CONFIG, QUIET)
_HISTORY: Final[Mapping[str, Command]] = {
    "init": Command(
        "cloudguard history init",
        "The store is in the user's state folder, or at --store. A database with other tables is possible.",
        help="Make a store, or migrate its schema to the latest version.",
        flags=(STORE, CONFIG, QUIET),
    ),
    "list": Command(
        "cloudguard history list",
        help="List the clusters, each with its latest run.",
        flags=(*_STORED, LIST_FORMAT, OUTPUT),
    ),
    "show": Command(
        "cloudguard history show prod",
        help="Show a finding, or all findings of a cluster, over time.",
        flags=(*_STORED, LIST_FORMAT, OUTPUT),
        arguments=(Argument("what", "A finding's id, its first digits, or a cluster's name."),),
    ),
    "trend": Command(
        "cloudguard history trend --every 7d",
        help="Show how many findings were open, new and fixed in each period.",
        flags=(*_STORED, EVERY, LIST_FORMAT, OUTPUT),
    ),
    "prune": Command(
        "cloudguard history prune --keep 400d",
        "Open findings and each cluster's latest run are kept.",
        help="Delete old runs and old findings that have ended.",
        flags=(STORE, KEEP, CONFIG, QUIET),
    ),
    "export": Command(
        "cloudguard history export -o all.json", help="Write the whole history as JSON.", flags=(*_STORED, OUTPUT)
    ),
}
COMMANDS: Final[Mapping[str, Command]] = {
    "check": Command(
        "cloudguard check {provider} --cluster prod",
        "Each flag has an environment variable: CLOUDGUARD_FAIL_ON sets --fail-on. Several values are "
        "separated by spaces.",
        flags=(*_panels(HOSTS), *_SEVERAL, *_JUDGED, *_panels(HISTORY)),
        alone=(*_JUDGED, *_SEVERAL, *_panels(HISTORY)),
        own_flags=True,
    ),
    "plan": Command(
        "cloudguard plan {provider} --cluster prod",
        "Each step is proved on a model: it opens no undeclared access and keeps all needed access. Nothing is "
        "written to the cloud.",
        flags=(*_panels(HOSTS), *_PLANNED),
        alone=_PLANNED,
        own_flags=True,
    ),
    "collect": Command(
        "cloudguard collect {provider} --cluster prod -o prod.json",
        "To check it later: cloudguard check --snapshot prod.json",
        flags=(*_panels(HOSTS), OUTPUT, *GENERAL),
        own_flags=True,
    ),
    "discover": Command("cloudguard discover {provider}", flags=(LIST_FORMAT, OUTPUT, *GENERAL), own_flags=True),
    "permissions": Command(
        "cloudguard permissions {provider}",
        "With --verify, each call of check is tried harmlessly, and the outcomes are listed. The exit status is 4 if a "
        "call is refused.",
        flags=(PERMISSION_FORMAT, VERIFY, OUTPUT, *GENERAL),
        own_flags=True,
    ),
    "explain": Command(
        "cloudguard explain etcd-access",
        "Without an argument, all rows and checks are listed. To explain a finding, add --snapshot FILE, or a "
        "provider and its flags.",
        flags=(*_panels(HOSTS), SNAPSHOT, *_panels(DECLARED), OUTPUT, *GENERAL),
        arguments=(Argument("what", "A row, a check, or a finding's number or id.", ROWS), _PROVIDER),
        own_flags=True,
    ),
    "report": Command(
        "cloudguard report report.json -f markdown",
        "The file is the output of check -f json. The formats and the exit status are the same as for check.",
        flags=(*_panels(REPORT), SUMMARY, ROW, MIN_SEVERITY, OUTPUT, *GENERAL),
        arguments=(Argument("file", "The JSON report."),),
    ),
    "diff": Command(
        "cloudguard diff monday.json today.json",
        "Reports are the output of check -f json: new, fixed and unchanged findings are shown, and findings that are "
        "no longer visible but not confirmed as fixed. For snapshots, opened and closed access is shown too.",
        flags=(*_panels(DECLARED), FAIL_ON, LIST_FORMAT, OUTPUT, *GENERAL),
        arguments=(Argument("old", "The earlier file."), Argument("new", "The later file.")),
    ),
    "waivers": Command("cloudguard waivers list", actions=_WAIVERS),
    "history": Command("cloudguard history list", actions=_HISTORY),
    "schema": Command(
        "cloudguard schema report", flags=(OUTPUT,), arguments=(Argument("name", ", ".join(SCHEMAS), SCHEMAS),)
    ),
    "completion": Command(
        'eval "$(cloudguard completion bash)"', arguments=(Argument("shell", ", ".join(SHELLS), SHELLS),)
    ),
    "version": Command("cloudguard version"),
}


def add(app: typer.Typer, name: str, text: str, words: Sequence[str]) -> None:
    """Add the command ``name`` to ``app``; its help begins with ``text``.

    ``words`` are the words after the command's name. Only the providers among them get their flags, so that the others
    are not loaded. Raises UsageError if the first word must be a provider and is not one.
    """
    command = replace(COMMANDS[name], help=text)
    if command.actions:
        group = typer.Typer()
        group.callback(help=_help(command), add_help_option=False)(function((), dict))
        for action, subcommand in command.actions.items():
            _add_single(group, action, subcommand, f"{name} {action}", words)
        app.add_typer(group, name=name)
        return
    if "{provider}" in command.example:
        app.add_typer(_group(name, command, words), name=name)
        return
    _add_single(app, name, command, name, words)


def _help(command: Command, provider: str = "") -> str:
    example = f"Example: {command.example.format(provider=provider)}"
    return "\n\n".join(filter(None, (command.help, command.more, example)))


def _add_single(app: typer.Typer, name: str, command: Command, work: str, words: Sequence[str]) -> None:
    """Add a command without sub-commands; ``work`` is the name that ``_do`` knows its work by, as "waivers add"."""
    flags_of = {word: own_flags(word) for word in words if command.own_flags and word in installed()}
    parameters: tuple[Argument | Setting[Any], ...] = (*command.arguments, *chain(*flags_of.values()), *command.flags)

    def then(values: Mapping[str, object]) -> Work:
        provider = str(values.get(_PROVIDER.name, ""))
        return partial(_run_command, work, CommandLine(values, command.flags, provider, flags_of.get(provider, ())))

    app.command(name, help=_help(command), short_help=command.help, add_help_option=False)(function(parameters, then))


def _group(name: str, command: Command, words: Sequence[str]) -> typer.Typer:
    """Return the group of a command with a sub-command per provider; flags may come before the provider's name."""
    providers = installed()
    if words[:1] and words[0][:1] != "-" and words[0] not in providers:
        load(words[0])  # raises, and lists the providers
    together: dict[str, object] = {}

    def then(provider: str, flags: tuple[Setting[Any], ...], values: Mapping[str, object]) -> Work:
        together.update(values)
        return partial(_run_command, name, CommandLine(together, command.flags, provider, flags))

    flags_of = {
        provider: own_flags(provider) if command.own_flags and provider in words else () for provider in providers
    }
    before = () if words[:1] and words[0] in providers else (*chain(*flags_of.values()), *command.flags)
    group = typer.Typer()
    group.callback(
        invoke_without_command=True,
        help=_help(command, next(iter(providers), "PROVIDER")),
        options_metavar="[OPTIONS]" if command.alone else "",
        subcommand_metavar="[PROVIDER [OPTIONS]]" if command.alone else "PROVIDER [OPTIONS]",
        add_help_option=False,
    )(function(before, partial(then, "", ()), hidden=[flag for flag in before if flag not in command.alone]))
    for provider in providers:
        flags = (*flags_of[provider], *command.flags) if provider in words else ()
        group.command(
            provider,
            help=_help(command, provider),
            short_help=f"Its flags: cloudguard {name} {provider} --help",
            rich_help_panel="Providers",
            add_help_option=False,
        )(function(flags, partial(then, provider, flags_of[provider]), hidden=[SNAPSHOT]))
    return group


def _run_command(name: str, line: CommandLine) -> int:
    """Run a command, for example "check" or "history list". Only the module of this command is loaded."""
    if name == "completion":
        return script(line.argument("shell"))
    command, _, action = name.partition(" ")
    module = import_module(f"cloudguard.cli.subcommands.{command}")
    return int(module.ACTIONS[name](line) if action else getattr(module, command)(line))

"""The tables of settings in ``docs/configuration.md``, made from the settings."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from cloudguard.cli.commands import COMMANDS
from cloudguard.cli.flags import own_flags
from cloudguard.needs.setting import Setting
from cloudguard.needs.settings import IN_FILE
from cloudguard.provider.port import installed

PAGE = Path(__file__).parent / "configuration.md"
BEGIN, END = "<!-- Written by `make docs`: begin -->\n", "<!-- Written by `make docs`: end -->\n"


def page(text: str) -> str:
    """Return the page's ``text`` with its tables as the settings are."""
    head, _, rest = text.partition(BEGIN)
    return f"{head}{BEGIN}\n{''.join(_tables())}\n{END}{rest.partition(END)[2]}"


def _tables() -> Iterator[str]:
    yield from ("## Keys of the file\n\n", *_table(IN_FILE))
    keys = {setting.name for setting in IN_FILE}
    actions = (action for command in COMMANDS.values() for action in command.actions.values())
    commands = (*COMMANDS.values(), *actions)
    flags = {flag: None for command in commands for flag in command.flags if flag.name not in keys}
    yield from ("\n## Flags that are no keys\n\n", *_table(flags))
    for provider in installed():
        yield from (f"\n## `[provider.{provider}]`\n\n", *_table(own_flags(provider)))


def _table(settings: Iterable[Setting[Any]]) -> Iterator[str]:
    yield "| name | flag and value | what it says | default |\n|---|---|---|---|\n"
    for setting in settings:
        short = f"`{setting.short}`, " if setting.short else ""
        value = f"{short}`--{setting.name} {setting.metavar}".rstrip() + "`" + (" …" if setting.repeated else "")
        cells = (f"`{setting.name}`", value if setting.flag else "[a table](#tables)", setting.help, setting.default)
        yield f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |\n"


def pages() -> dict[Path, str]:
    """Return the page by its path."""
    return {PAGE: page(PAGE.read_text(encoding="utf-8"))}

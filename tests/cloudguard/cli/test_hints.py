"""The commands and flags that the program tells users to use: the commands parse, the flags exist."""

from __future__ import annotations

import ast
import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest

from cloudguard.cli.app import HELP, parse
from cloudguard.cli.commands import COMMANDS
from cloudguard.cli.flags import own_flags
from cloudguard.errors import UsageError
from cloudguard.provider import port
from cloudguard.provider.port import installed

ROOT = Path(__file__).parents[3]
PLACEHOLDER = "{provider}"
"""Stands for a value in an f-string. In a command, the value is the provider, or any word fits."""
COMMAND = re.compile(rf"\bcloudguard (?:{'|'.join(HELP)})\b(?: [^\s.,;:()\"`](?:[^\s,;()\"`]*[^\s.,;:()\"`])?)*")
"""A command inside a sentence. It ends at the end of the sentence, or at a comma, bracket or quote."""
FLAG = re.compile(r"(?<![\w-])--[a-z][a-z-]+")
FOREIGN = {"--cert-file", "--client-cert-auth", "--peer-cert-file", "--peer-client-cert-auth"}
"""etcd's own flags."""
OTHERS_FLAGS = {"changes", "calls", "pdf.py"}
"""Paths whose flags belong to other programs: the folders with clouds' commands, and the browser's file."""


def texts() -> Iterator[tuple[Path, str]]:
    """Yield the file and the text of every string, except docstrings, in the files that print commands or flags.

    PLACEHOLDER stands for each value in an f-string.
    """
    for path in [*ROOT.glob("cloudguard/**/*.py"), *ROOT.glob("providers/**/*.py")]:
        source = path.read_text(encoding="utf-8")
        if not any(words in source for words in ("--", "cloudguard ", "install ")):
            continue
        nodes = [*ast.walk(ast.parse(source))]
        parts = {id(part) for node in nodes if isinstance(node, ast.JoinedStr) for part in node.values}
        documents = {id(node.value) for node in nodes if isinstance(node, ast.Expr)}
        for node in nodes:
            if isinstance(node, ast.JoinedStr):
                filled = (str(value.value) if isinstance(value, ast.Constant) else PLACEHOLDER for value in node.values)
                yield path, "".join(filled).replace(f".{PLACEHOLDER}", ". ")
            elif isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in parts | documents:
                yield path, node.value


TEXTS = tuple(texts())
PRINTED_COMMANDS = sorted({match.group() for _, text in TEXTS for match in COMMAND.finditer(text)})
PRINTED_FLAGS = {
    match.group() for path, text in TEXTS if not OTHERS_FLAGS.intersection(path.parts) for match in FLAG.finditer(text)
}


def test_printed_commands_are_found() -> None:
    assert "cloudguard permissions aws" in PRINTED_COMMANDS
    assert f"cloudguard collect {PLACEHOLDER} --cluster prod -o prod.json" in PRINTED_COMMANDS


@pytest.mark.parametrize("command", PRINTED_COMMANDS)
def test_every_printed_command_parses(command: str) -> None:
    assert callable(parse(shlex.split(re.sub(f"PROVIDER|{PLACEHOLDER}", "aws", command))[1:]))


@pytest.mark.parametrize(
    "text", ["cloudguard check with the same flags", "cloudguard explain --all", "cloudguard collect x"]
)
def test_prose_does_not_parse_as_a_command(text: str) -> None:
    with pytest.raises(UsageError):
        parse(shlex.split(text)[1:])


def test_every_printed_flag_exists() -> None:
    actions = (action for command in COMMANDS.values() for action in command.actions.values())
    flags = {f"--{flag.name}" for command in (*COMMANDS.values(), *actions) for flag in command.flags}
    flags |= {f"--{flag.name}" for provider in installed() for flag in own_flags(provider)}
    assert PRINTED_FLAGS - flags - FOREIGN - {"--help", "--version"} == set()


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("awz", "Did you mean 'aws'?"),
        ("nimbus", "Install the package that adds it"),
    ],
)
def test_an_unknown_provider_gives_a_hint(name: str, hint: str) -> None:
    with pytest.raises(UsageError) as raised:
        port.load(name)
    assert raised.value.message == f"there is no provider {name!r} (installed: {', '.join(installed())})"
    assert raised.value.hint == hint


def test_no_hint_says_to_install_an_unpublished_package() -> None:
    assert [text for _, text in TEXTS if "install 'cloudguard" in text or "install cloudguard" in text] == []

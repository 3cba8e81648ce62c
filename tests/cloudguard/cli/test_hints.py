"""What the program prints for a user to run or to give: its commands run, its flags exist."""

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
"""Stands for what is filled in later: where a command holds something, that is its provider, or any word will do."""
COMMAND = re.compile(rf"\bcloudguard (?:{'|'.join(HELP)})\b(?: [^\s.,;:()\"`](?:[^\s,;()\"`]*[^\s.,;:()\"`])?)*")
"""A command as it stands in a sentence: it ends where the sentence does, or at a comma, bracket or quote."""
FLAG = re.compile(r"(?<![\w-])--[a-z][a-z-]+")
FOREIGN = {"--cert-file", "--client-cert-auth", "--peer-cert-file", "--peer-client-cert-auth"}
"""etcd's own flags."""
OTHERS_FLAGS = {"changes", "pdf.py"}
"""Where flags are of other programs: the folders of providers with commands of the clouds, and a browser's."""


def texts() -> Iterator[tuple[Path, str]]:
    """Yield every string, but docstrings, of the files that print commands or flags, with the file.

    What is filled in later is a PLACEHOLDER.
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
                filled = (str(one.value) if isinstance(one, ast.Constant) else PLACEHOLDER for one in node.values)
                yield path, "".join(filled).replace(f".{PLACEHOLDER}", ". ")
            elif isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in parts | documents:
                yield path, node.value


TEXTS = tuple(texts())
PRINTED_COMMANDS = sorted({match.group() for _, text in TEXTS for match in COMMAND.finditer(text)})
PRINTED_FLAGS = {
    match.group() for path, text in TEXTS if not OTHERS_FLAGS.intersection(path.parts) for match in FLAG.finditer(text)
}


def test_there_are_commands_to_try() -> None:
    assert "cloudguard permissions aws" in PRINTED_COMMANDS
    assert f"cloudguard collect {PLACEHOLDER} --cluster prod -o prod.json" in PRINTED_COMMANDS


@pytest.mark.parametrize("command", PRINTED_COMMANDS)
def test_a_printed_command_runs_as_it_stands(command: str) -> None:
    assert callable(parse(shlex.split(re.sub(f"PROVIDER|{PLACEHOLDER}", "aws", command))[1:]))


@pytest.mark.parametrize(
    "text", ["cloudguard check with the same flags", "cloudguard explain --all", "cloudguard collect x"]
)
def test_prose_is_no_command(text: str) -> None:
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
def test_a_provider_that_is_not_there(name: str, hint: str) -> None:
    with pytest.raises(UsageError) as raised:
        port.load(name)
    assert raised.value.message == f"no provider is called {name!r} (installed: {', '.join(installed())})"
    assert raised.value.hint == hint


def test_no_unpublished_package_is_to_be_installed() -> None:
    assert [text for _, text in TEXTS if "install 'cloudguard" in text or "install cloudguard" in text] == []

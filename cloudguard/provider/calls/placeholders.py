"""Placeholders for answers of earlier calls: their names in parameters, and their variables in lines for a shell."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Mapping
from typing import Final, cast

from cloudguard.results.api_call import ANSWER

_PLACEHOLDER: Final = re.compile(rf'\{{"{re.escape(ANSWER)}": "(\w+)"\}}')
"""Matches a placeholder in JSON, where quotes in texts are escaped, so that no text looks like it."""


def names_in(value: object) -> frozenset[str]:
    """Return the names of all answers that a JSON value uses."""
    return frozenset(_PLACEHOLDER.findall(json.dumps(value)))


def name_of(value: object) -> str:
    """Return the name of the answer that ``value`` stands for; "" if it is not a placeholder."""
    table = cast("Mapping[str, object]", value if isinstance(value, Mapping) else {})
    return str(table[ANSWER]) if [*table] == [ANSWER] else ""


def shell_word(value: object) -> str:
    """Return a value as a word for a POSIX shell. A placeholder becomes the variable with its name."""
    name = name_of(value)
    return f'"${name}"' if name else shlex.quote(str(value))


def shell_json(value: object) -> str:
    """Return the JSON of a value as one word for a POSIX shell, with variables in place of placeholders."""
    if name_of(value):
        return shell_word(value)
    texts = _PLACEHOLDER.sub('"\0\\1\0"', json.dumps(value)).split("\0")  # text, name, text, …
    return "".join(f'"${text}"' if number % 2 else shlex.quote(text) for number, text in enumerate(texts))


def shell_line(line: str, answers: Mapping[str, str], output: str) -> str:
    """Return a line that sets the variables of a call's ``answers``. ``output``: the tool's word for plain text."""
    for name, path in answers.items():
        line = f"{name}=$({line} --query {shlex.quote(path)} --output {output})"
    return line

"""Calls as command lines for ``aws``, the AWS CLI (https://docs.aws.amazon.com/cli/latest/reference/).

The name of an option is the parameter's name in lower case with hyphens. The answer of an earlier call is a shell
variable, which the line of that call sets.
"""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, cast

from botocore import xform_name

from cloudguard.results.api_call import ANSWER, ApiCall

_LOADED_BY_CLI: Final = re.compile(r"(-|(file|fileb|https?)://)")
"""Matches values that ``aws`` would read as an option, or as a file or URL to load
(https://docs.aws.amazon.com/cli/latest/userguide/cli-usage-parameters-file.html)."""
_WAITS: Final = {
    "CreateSnapshot": ("ec2", "snapshot-completed", "--snapshot-ids"),
    "CopySnapshot": ("ec2", "snapshot-completed", "--snapshot-ids"),
    "CreateVolume": ("ec2", "volume-available", "--volume-ids"),
    "DetachVolume": ("ec2", "volume-available", "--volume-ids", "VolumeId"),
    "AttachVolume": ("ec2", "volume-in-use", "--volume-ids", "VolumeId"),
    "StopInstances": ("ec2", "instance-stopped", "--instance-ids", "InstanceIds"),
    "StartInstances": ("ec2", "instance-status-ok", "--instance-ids", "InstanceIds"),
    "UpdateClusterConfig": ("eks", "cluster-active", "--name", "name"),
    "AssociateEncryptionConfig": ("eks", "cluster-active", "--name", "clusterName"),
}
"""Dict of operation → the waiter to run before the next call: service, waiter, its option, and the parameter with the
value of the option (if missing: the answers of the call)."""


def shell(call: ApiCall, region: str) -> str:
    """Return a call as a line for a POSIX shell. A second line waits if the next call would come too early."""
    aws = f"aws --region {shlex.quote(region)}"
    line = " ".join((aws, call.api, xform_name(call.operation, "-"), *_options(call.parameters)))
    for name, path in call.answers.items():
        line = f"{name}=$({line} --query {shlex.quote(path)} --output text)"
    return "\n".join((line, *_wait(call, aws)))


def _wait(call: ApiCall, aws: str) -> Iterator[str]:
    if call.operation in _WAITS:
        service, waiter, option, *named = _WAITS[call.operation]
        values = [call.parameters[parameter] for parameter in named] or [{ANSWER: name} for name in call.answers]
        words = [word for value in values for word in (_simple_words(value) or [_word(value)])]
        yield " ".join((aws, service, "wait", waiter, option, *words))


def _options(parameters: Mapping[str, Any]) -> Iterator[str]:
    if any(_LOADED_BY_CLI.match(text) for value in parameters.values() for text in _texts(value)):
        yield from ("--cli-input-json", _json(parameters))
        return
    for name, value in parameters.items():
        option = xform_name(name, "-")
        if isinstance(value, bool):
            yield f"--{option}" if value else f"--no-{option}"
        elif _is_simple(value):
            yield from (f"--{option}", _word(value))
        elif (words := _simple_words(value)) is not None:
            yield from (f"--{option}", *words)
        else:
            yield from (f"--{option}", _json(cast("object", value)))


def _texts(value: object) -> Iterator[str]:
    """Yield the texts that would become separate words of the line."""
    for item in cast("Sequence[object]", value) if isinstance(value, (list, tuple)) else (value,):
        if isinstance(item, str):
            yield item


def _variable(value: object) -> str:
    """Return the name of the variable for an answer, or "" for any other value."""
    if isinstance(value, Mapping) and [*cast("Mapping[str, Any]", value)] == [ANSWER]:
        return str(cast("Mapping[str, Any]", value)[ANSWER])
    return ""


def _is_simple(value: object) -> bool:
    return isinstance(value, (str, int)) or bool(_variable(value))


def _simple_words(value: object) -> list[str] | None:
    """Return the words of a list of simple values, or None for any other value."""
    values = cast("Sequence[object]", value) if isinstance(value, (list, tuple)) else ()
    return [_word(value) for value in values] if values and all(map(_is_simple, values)) else None


def _word(value: object) -> str:
    variable = _variable(value)
    return f'"${variable}"' if variable else shlex.quote(str(value))


def _json(value: object) -> str:
    """Return a value's JSON as one shell word, with variables between its quoted parts."""
    word = ""
    for text, variable in _pieces(value):
        word += f'"${variable}"' if variable else shlex.quote(text)
    return word


def _pieces(value: object) -> list[tuple[str, str]]:
    """Return a value's JSON as pairs of text and variable name. Adjacent texts are joined."""
    pieces: list[tuple[str, str]] = []
    for text, variable in _tokens(value):
        if pieces and not variable and not pieces[-1][1]:
            pieces[-1] = (pieces[-1][0] + text, "")
        else:
            pieces.append((text, variable))
    return pieces


def _tokens(value: object) -> Iterator[tuple[str, str]]:
    if variable := _variable(value):
        yield from (('"', ""), ("", variable), ('"', ""))
    elif isinstance(value, Mapping):
        yield "{", ""
        for number, (key, member) in enumerate(cast("Mapping[str, Any]", value).items()):
            yield f"{', ' if number else ''}{json.dumps(key)}: ", ""
            yield from _tokens(member)
        yield "}", ""
    elif isinstance(value, (list, tuple)):
        yield "[", ""
        for number, member in enumerate(cast("Sequence[object]", value)):
            yield ", " if number else "", ""
            yield from _tokens(member)
        yield "]", ""
    else:
        yield json.dumps(value), ""

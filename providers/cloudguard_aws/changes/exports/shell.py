"""Calls as command lines for ``aws``, the AWS CLI (https://docs.aws.amazon.com/cli/latest/reference/).

The name of an option is the parameter's name in lower case with hyphens. The answer of an earlier call is a shell
variable, which the line of that call sets.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, cast

from botocore import xform_name

from cloudguard.provider.calls.placeholders import name_of, shell_json, shell_line, shell_word
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
    return "\n".join((shell_line(line, call.answers, "text"), *_wait(call, aws)))


def _wait(call: ApiCall, aws: str) -> Iterator[str]:
    if call.operation in _WAITS:
        service, waiter, option, *named = _WAITS[call.operation]
        values = [call.parameters[parameter] for parameter in named] or [{ANSWER: name} for name in call.answers]
        words = [word for value in values for word in (_simple_words(value) or [shell_word(value)])]
        yield " ".join((aws, service, "wait", waiter, option, *words))


def _options(parameters: Mapping[str, Any]) -> Iterator[str]:
    if any(_LOADED_BY_CLI.match(text) for value in parameters.values() for text in _texts(value)):
        yield from ("--cli-input-json", shell_json(parameters))
        return
    for name, value in parameters.items():
        option = xform_name(name, "-")
        if isinstance(value, bool):
            yield f"--{option}" if value else f"--no-{option}"
        elif _is_simple(value):
            yield from (f"--{option}", shell_word(value))
        elif (words := _simple_words(value)) is not None:
            yield from (f"--{option}", *words)
        else:
            yield from (f"--{option}", shell_json(cast("object", value)))


def _texts(value: object) -> Iterator[str]:
    """Yield the texts that would become separate words of the line."""
    for item in cast("Sequence[object]", value) if isinstance(value, (list, tuple)) else (value,):
        if isinstance(item, str):
            yield item


def _is_simple(value: object) -> bool:
    return isinstance(value, (str, int)) or bool(name_of(value))


def _simple_words(value: object) -> list[str] | None:
    """Return the words of a list of simple values, or None for any other value."""
    values = cast("Sequence[object]", value) if isinstance(value, (list, tuple)) else ()
    return [shell_word(value) for value in values] if values and all(map(_is_simple, values)) else None

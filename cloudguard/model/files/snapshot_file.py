"""Snapshot files: deterministic JSON is written, and reading is strict and lists all faults of a file at once."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from functools import cache
from hashlib import sha256
from typing import TYPE_CHECKING, NewType

from cloudguard.errors import UsageError
from cloudguard.model.files.faults import faults, listed
from cloudguard.model.files.plain_values import plain
from cloudguard.model.files.snapshot_upgrade import SCHEMA_V1, is_older, not_asked, upgraded
from cloudguard.model.snapshot import SCHEMA, Snapshot

if TYPE_CHECKING:
    from pydantic import TypeAdapter

_FAMILY = SCHEMA.rpartition("/")[0]
_HEAD = re.compile(rb'\s*\{\s*"schema"\s*:\s*"([^"\\]{0,100})"')
_SURROGATE = re.compile("[\ud800-\udfff]")
_Root = NewType("_Root", Snapshot)
"""A separate type, because pydantic accepts a configuration for a dataclass only under another name."""


@cache
def _adapter() -> TypeAdapter[Snapshot]:
    from pydantic import ConfigDict, TypeAdapter  # noqa: PLC0415 - the import takes 0.2 s, which --help does not need

    return TypeAdapter(_Root, config=ConfigDict(extra="forbid", strict=True))


def dump(snapshot: Snapshot) -> str:
    """Return ``snapshot`` as JSON text, with the schema first. Equal snapshots give equal text.

    A lone surrogate cannot be encoded in UTF-8, so it is written as the text of its escape.
    """
    return with_escaped_surrogates(json.dumps(plain(snapshot), indent=1, ensure_ascii=False)) + "\n"


def digest(snapshot: Snapshot) -> str:
    """Return the SHA-256 of the text that ``dump`` returns, in hex digits."""
    return sha256(dump(snapshot).encode()).hexdigest()


def load(data: bytes | str, name: str) -> Snapshot:
    """Return the snapshot in ``data``, read from the file ``name``. Raises UsageError with a list of all faults."""
    from pydantic import ValidationError  # noqa: PLC0415 - loaded only when used

    raw = data.encode("utf-8", "surrogatepass") if isinstance(data, str) else data
    schema = _schema_of(raw, name)
    problems: list[str] = []
    if schema not in {SCHEMA, SCHEMA_V1}:
        problems.append(f"its schema is {schema!r}; this version reads {SCHEMA!r}")
    elif is_older(raw, schema):
        raw = upgraded(raw, SCHEMA)
    try:
        snapshot = _adapter().validate_json(raw)
    except ValidationError as error:
        problems.extend(faults(error))
    else:
        if not problems:
            return _with_gaps(snapshot, raw)
    raise _refusal(name, problems)


def _with_gaps(snapshot: Snapshot, raw: bytes) -> Snapshot:
    """Return a snapshot with a gap for each field of facts that is missing in its file ``raw``."""
    gaps = tuple(not_asked(json.loads(raw), plain(snapshot)))
    return replace(snapshot, gaps=(*snapshot.gaps, *gaps)) if gaps else snapshot


def _schema_of(raw: bytes, name: str) -> str:
    """Return the schema at the beginning of the file, without parsing the rest.

    Raises UsageError if the file is empty, is not UTF-8 or is not a snapshot.
    """
    hint = "Create one with: cloudguard collect PROVIDER --cluster NAME -o FILE"
    if not raw.strip():
        message = f"the snapshot {name} is empty"
        raise UsageError(message, hint=hint)
    try:
        raw.decode()
    except UnicodeDecodeError as error:
        message = f"the snapshot {name} is not UTF-8: byte {error.start} is 0x{raw[error.start]:02x}"
        raise UsageError(message, hint=hint) from None
    match = _HEAD.match(raw)
    schema = match.group(1).decode() if match else ""
    if not schema.startswith(_FAMILY):
        what = f"it begins with the schema {schema!r}" if schema else 'it does not begin with {"schema": …'
        message = f"{name} is not a cloudguard snapshot: {what}"
        raise UsageError(message, hint=hint)
    return schema


def _refusal(name: str, faults: list[str]) -> UsageError:
    return UsageError(
        f"the snapshot {name} cannot be read: {listed(faults)}", hint="Collect it again with this version"
    )


def with_escaped_surrogates(text: str) -> str:
    """Return JSON ``text`` with every lone surrogate written as the text of its escape, which any reader accepts."""
    return _SURROGATE.sub(lambda match: f"\\\\u{ord(match.group()):04x}", text)

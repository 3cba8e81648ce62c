"""Removes secrets from log events, and makes the rest safe to show in a terminal."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Final, cast

from cloudguard.formats.escaping import visible

MOST_LETTERS: Final = 2_000
"""The largest number of characters of a logged value. An SDK may log names that other people chose, of any length."""
HIDDEN: Final = "[hidden]"
_WORDS: Final = (
    "secret(?:[-_]?(?:access)?[-_]?key)?|password|passwd|pwd|token|credential|signature|api[-_]?key|private[-_]?key"
)
_NAME: Final = rf"[\w.-]*(?:{_WORDS}|assertion)s?"
"""The name of a field that holds a secret. "client_secret" and "SecretAccessKey" match, "secretsmanager" does not."""
_SECRETS: Final = (
    re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)", re.DOTALL),
    re.compile(r"\beyJ[\w-]{8,}(?:\.[\w-]*){0,4}"),  # a JSON web token (RFC 7519)
    re.compile(
        r"\b(?:ASIA|AKIA)[A-Z0-9]{16}\b"
    ),  # an AWS access key's id (IAM user guide, Understanding unique ID prefixes)
    re.compile(r"\bya29\.[\w.-]+"),  # Google's access token (OAuth 2.0 for Google APIs)
    re.compile(r"(?<=://)[^/@\s'\"]+(?=@)"),  # a URL's user and password (RFC 3986, 3.2.1)
    re.compile(r"(?i)\b(?:bearer|basic)\s+[\w.~+/=-]{6,}"),  # an Authorization header's value (RFC 6750, 7617)
    re.compile(r"(?i)\bAWS4-HMAC-SHA256\b[^'\"\r\n]*"),  # a signed request's (Signature Version 4)
    re.compile(rf"(?i)(?<=<)({_NAME})>[^<]*"),
    re.compile(rf"(?i)\b({_NAME})(['\"]?\s*[:=]\s*)b?['\"]?[^\s'\"&,;}}<>]+"),
)
"""Patterns of secrets. The groups of a pattern, if it has any, are the secret's name and the text before its value."""


def redacted(value: object) -> object:
    """Return a value to log. Its texts have no secrets, no control characters, and at most ``MOST_LETTERS`` characters.

    Mappings and collections are redacted member by member. Any other object is turned into text.
    """
    if isinstance(value, Mapping):
        members = cast("Mapping[object, object]", value).items()
        return {str(redacted(str(name))): _of(str(name), member) for name, member in members}
    if isinstance(value, list | tuple | set | frozenset):
        return [redacted(item) for item in cast("Iterable[object]", value)]
    if value is None or isinstance(value, bool | int | float):
        return value
    return _text(str(value))


def _of(name: str, value: object) -> object:
    return HIDDEN if re.fullmatch(_NAME, name, re.IGNORECASE) and isinstance(value, str) else redacted(value)


def _text(text: str) -> str:
    cut = text[: 4 * MOST_LETTERS]
    for pattern in _SECRETS:
        cut = pattern.sub(_hidden, cut)
    shown = visible(cut)
    return shown if len(shown) <= MOST_LETTERS and len(text) <= 4 * MOST_LETTERS else f"{shown[:MOST_LETTERS]}…"


def _hidden(match: re.Match[str]) -> str:
    """Return the replacement of a secret, with the secret's name if the pattern has groups."""
    if not match.re.groups:
        return HIDDEN
    between = match.group(2) if match.re.groups > 1 else ">"
    return f"{match.group(1)}{between}{HIDDEN}"

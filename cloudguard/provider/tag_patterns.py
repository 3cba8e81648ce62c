"""Patterns for values such as tags': ``*`` matches any text, ``?`` one character. A backslash escapes them."""

from __future__ import annotations

import re
from collections.abc import Mapping

_ANY = {"*": ".*", "?": "."}


def has_tag(tags: Mapping[str, str], pair: str) -> bool:
    """Whether ``tags`` match the pattern ``pair`` ("Name=prod-master-*")."""
    key, _, pattern = pair.partition("=")
    return key in tags and wildcard_pattern(pattern).fullmatch(tags[key]) is not None


def wildcard_pattern(pattern: str) -> re.Pattern[str]:
    """Return ``pattern`` as a regular expression."""
    symbols = re.findall(r"\\.|.", pattern, flags=re.DOTALL)
    return re.compile("".join(_ANY.get(symbol) or re.escape(symbol[-1]) for symbol in symbols), re.DOTALL)

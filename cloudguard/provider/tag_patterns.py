"""Patterns for tags: in the value, ``*`` matches any text and ``?`` matches one character."""

from __future__ import annotations

import re
from collections.abc import Mapping

_ANY = {"*": ".*", "?": "."}


def has_tag(tags: Mapping[str, str], pair: str) -> bool:
    """Whether ``tags`` match the pattern ``pair`` ("Name=prod-master-*"). A backslash escapes a wildcard."""
    key, _, pattern = pair.partition("=")
    symbols = re.findall(r"\\.|.", pattern, flags=re.DOTALL)
    words = "".join(_ANY.get(symbol) or re.escape(symbol[-1]) for symbol in symbols)
    return key in tags and re.fullmatch(words, tags[key], flags=re.DOTALL) is not None

"""Tags that the user names by a pattern: ``*`` stands for any text in the value, ``?`` for one character."""

from __future__ import annotations

import re
from collections.abc import Mapping

_ANY = {"*": ".*", "?": "."}


def has_tag(tags: Mapping[str, str], pair: str) -> bool:
    """Whether ``tags`` have the tag ``pair`` ("Name=prod-master-*"). A backslash takes a wildcard its meaning."""
    key, _, pattern = pair.partition("=")
    parts = re.findall(r"\\.|.", pattern, flags=re.DOTALL)
    words = "".join(_ANY.get(part) or re.escape(part[-1]) for part in parts)
    return key in tags and re.fullmatch(words, tags[key], flags=re.DOTALL) is not None

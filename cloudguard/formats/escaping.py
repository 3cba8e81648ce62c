"""Escapes names, tags and messages from the cloud for the terminal, JSON or Markdown."""

from __future__ import annotations

import re

_ADDRESS = re.compile(r"https://[\w.~:/?#@!$&*+,;=%-]+", re.ASCII)
_BYTE = 0xFF
_PLANE = 0xFFFF
_MARKDOWN = re.compile(r"[\\`*_\[\]<>|#~&!$]")
_LINK = re.compile(r"(?i)://|www\.|@")
_LINK_BROKEN = {"://": "&#58;//", "www.": "www&#46;", "@": "@<!-- -->"}


def visible(text: str) -> str:
    r"""Return ``text`` on one line. Control, bidi and invisible characters and lone surrogates are escaped as ``\x1b``.

    ``str.isprintable`` decides, by Unicode's general category: Cc, Cf, Cs, Co, Cn, Zl, Zp, and Zs except the space.
    """
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() else _escape(ord(char)) for char in text)


def cut(text: str, most: int) -> str:
    """Return the first ``most`` characters of ``text``; the last one is "…" if there are more."""
    return text if len(text) <= most else f"{text[: most - 1]}…"


def _escape(code: int) -> str:
    if code <= _BYTE:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code <= _PLANE else f"\\U{code:08x}"


def markdown(text: str) -> str:
    """Return ``text`` escaped, so that Markdown finds no markup, HTML, link, mention or end of a table cell in it."""
    escaped = _MARKDOWN.sub(lambda match: "\\" + match.group(), visible(text))
    return _LINK.sub(lambda match: _LINK_BROKEN[match.group().lower()], escaped)


def link(text: str, address: str) -> str:
    """Return a Markdown link, or the escaped ``text`` alone if ``address`` is not a plain HTTPS URL."""
    return f"[{markdown(text)}](<{address}>)" if _ADDRESS.fullmatch(address) else markdown(text)


def code(text: str) -> str:
    """Return ``text`` as a Markdown code span, with a fence longer than any run of backticks in it."""
    shown = visible(text)
    fence = "`" * (max((len(run) for run in re.findall("`+", shown)), default=0) + 1)
    return f"{fence} {shown} {fence}" if "`" in shown else f"{fence}{shown}{fence}"

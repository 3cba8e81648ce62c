"""Names, tags and messages that others chose, made harmless for the place they are shown in."""

from __future__ import annotations

import re

_ADDRESS = re.compile(r"https://[\w.~:/?#@!$&*+,;=%-]+", re.ASCII)
_BYTE = 0xFF
_PLANE = 0xFFFF
_MARKDOWN = re.compile(r"[\\`*_\[\]<>|#~&!$]")
_LINK = re.compile(r"(?i)://|www\.|@")
_SURROGATE = re.compile("[\ud800-\udfff]")
_LINK_BROKEN = {"://": "&#58;//", "www.": "www&#46;", "@": "@<!-- -->"}


def visible(text: str) -> str:
    r"""Return ``text`` on one line with nothing hidden: control, bidi, invisible and lone surrogates as ``\x1b``.

    What counts as such is Unicode's general category (Cc, Cf, Cs, Co, Cn, Zl, Zp, odd spaces): ``str.isprintable``.
    """
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() else _escape(ord(char)) for char in text)


def _escape(code: int) -> str:
    if code <= _BYTE:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code <= _PLANE else f"\\U{code:08x}"


def spelt_out(text: str) -> str:
    """Return JSON ``text`` with every lone surrogate in it as the text of its escape, which any reader takes."""
    return _SURROGATE.sub(lambda match: f"\\\\u{ord(match.group()):04x}", text)


def markdown(text: str) -> str:
    """Return ``text`` so that Markdown shows it as it is: no markup, HTML, link, mention or table cell's end."""
    escaped = _MARKDOWN.sub(lambda match: "\\" + match.group(), visible(text))
    return _LINK.sub(lambda match: _LINK_BROKEN[match.group().lower()], escaped)


def link(text: str, address: str) -> str:
    """Return a Markdown link, or ``text`` alone where ``address`` is no plain HTTPS address."""
    return f"[{markdown(text)}](<{address}>)" if _ADDRESS.fullmatch(address) else markdown(text)


def code(text: str) -> str:
    """Return ``text`` as a Markdown code span, with a fence longer than any run of backticks in it."""
    shown = visible(text)
    fence = "`" * (max((len(run) for run in re.findall("`+", shown)), default=0) + 1)
    return f"{fence} {shown} {fence}" if "`" in shown else f"{fence}{shown}{fence}"

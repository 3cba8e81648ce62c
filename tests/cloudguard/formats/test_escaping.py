"""Names given by others are shown as text and never interpreted."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

import sample
from cloudguard.formats.escaping import code, markdown, visible

ANYTHING = st.text(st.characters(codec=None, exclude_categories=()))


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        ("plain text, ünïcödé 漢字", "plain text, ünïcödé 漢字"),
        ("\x1b[31m", "\\x1b[31m"),
        ("a\r\n\tb\x7f\x00", "a\\x0d\\x0a\\x09b\\x7f\\x00"),
        ("\x9b31m", "\\x9b31m"),
        ("\u202egnp\u2066\u200b\ufeff", "\\u202egnp\\u2066\\u200b\\ufeff"),
        ("\u2028\u2029", "\\u2028\\u2029"),
        ("\ud800", "\\ud800"),
        ("\U000e0041", "\\U000e0041"),
    ],
)
def test_hidden_characters_are_made_visible(raw: str, shown: str) -> None:
    assert visible(raw) == shown


@given(ANYTHING)
def test_escaped_text_is_printable_and_on_one_line(text: str) -> None:
    assert visible(text).isprintable()
    assert visible(visible(text)) == visible(text)


def test_escaped_markdown_has_no_markup_link_or_mention() -> None:
    shown = MarkdownIt("gfm-like", {"linkify": False}).render(markdown(sample.HOSTILE))
    assert shown.count("<") == shown.count("<p>") + shown.count("</p>") + shown.count("<!-- -->")
    assert "@who" not in shown


@given(st.text("ab`|<>*_[]()#~&!\\:/@.w ", min_size=1).filter(lambda text: text.strip() == text))
def test_escaped_markdown_shows_the_original_text(text: str) -> None:
    tokens = MarkdownIt("commonmark").parseInline(markdown(text))[0].children or []
    assert "".join(token.content for token in tokens if token.type != "html_inline") == text
    assert {token.type for token in tokens} <= {"text", "text_special", "html_inline"}


@given(st.text("ab`| ", min_size=1).filter(lambda text: text.strip() == text))
def test_a_code_span_shows_the_original_text(text: str) -> None:
    tokens = MarkdownIt("commonmark").parseInline(code(text))[0].children or []
    assert [(token.type, token.content) for token in tokens] == [("code_inline", text)]

"""The page as PDF, printed by WeasyPrint or Chromium."""

from __future__ import annotations

import io
import os
import shutil
import sys
from dataclasses import replace
from pathlib import Path
from typing import Final

import pytest
from pypdf import PdfReader

import page_report
import sample
from cloudguard.cli import run
from cloudguard.errors import UsageError
from cloudguard.formats.html import page, pdf
from command import install, ran

REPORT: Final = page_report.report()
PAGE: Final = page.render(REPORT)
IN_CI: Final = bool(os.environ.get("CI"))
needs_browser = pytest.mark.skipif(not (IN_CI or shutil.which("chromium")), reason="Chromium is not installed")


def without_weasyprint(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make the import of WeasyPrint fail as if it were not installed."""

    def not_found(name: str) -> None:
        del name

    monkeypatch.setattr(pdf, "find_spec", not_found)


def read(content: bytes) -> tuple[int, str]:
    """Return the number of a PDF's pages, and its text on one line."""
    sheets = PdfReader(io.BytesIO(content)).pages
    return len(sheets), " ".join(" ".join(sheet.extract_text() for sheet in sheets).split())


def check(content: bytes) -> None:
    """Assert that a PDF has the whole page, with the parts folded on a screen, and that all text fits the sheets."""
    count, text = read(content)
    assert count > 1
    for part in (
        "Fix in this order",
        "Not asked for",
        "fact of prod",
        "tcp/6443 from 192.0.2.0/24",
        "memory:ReadFilters",
    ):
        assert part in text, part
    for sheet in PdfReader(io.BytesIO(content)).pages:
        right = float(sheet.mediabox.right)

        def inside(text: str, page: list[float], line: list[float], *_: object, right: float = right) -> None:
            assert not text.strip() or 0 <= line[4] * page[0] + line[5] * page[2] + page[4] < right, text

        sheet.extract_text(visitor_text=inside)


def test_weasyprint_prints_the_whole_page() -> None:
    content = pdf.from_page(PAGE, REPORT.finished)
    check(content)
    assert content == pdf.from_page(PAGE, REPORT.finished)


@needs_browser
def test_chromium_prints_the_page_if_weasyprint_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    without_weasyprint(monkeypatch)
    content = pdf.from_page(PAGE, REPORT.finished)
    check(content)
    assert content == pdf.from_page(PAGE, REPORT.finished)
    assert b"(D:20260101000005" in content


def test_hostile_names_are_printed_as_text() -> None:
    hostile = page.render(replace(sample.report(sample.finding(text=sample.HOSTILE)), gaps=()))
    assert "<b>_*[x](http://e.vil)" in read(pdf.from_page(hostile, REPORT.finished))[1]


def test_without_a_printer_no_cluster_is_read_and_a_hint_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    install(monkeypatch, tmp_path)
    without_weasyprint(monkeypatch)
    monkeypatch.setattr(pdf, "BROWSERS", ())
    with pytest.raises(UsageError, match="needs WeasyPrint or Chromium"):
        pdf.from_page(PAGE, REPORT.finished)
    status, out, err = ran(capsys, "check", "memory", "--cluster", "prod", "-f", "pdf=prod.pdf")
    assert (status, out) == (2, "")
    assert "pip install" in err


def test_a_pdf_is_not_written_to_a_terminal(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    install(monkeypatch, tmp_path)
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    status, _, err = ran(capsys, "check", "memory", "--cluster", "prod", "-f", "pdf")
    assert status == 2
    assert "Write -f pdf=FILE" in err


def test_the_command_line_writes_the_pdf_s_bytes(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    install(monkeypatch, tmp_path)

    def printed(page: str, finished: str) -> bytes:
        assert "<h1>prod</h1>" in page
        return b"%PDF \xff" + finished.encode()

    monkeypatch.setattr(pdf, "from_page", printed)
    assert run(["check", "memory", "--cluster", "prod", "-f", "pdf", "-q"]) == 3
    assert run(["check", "memory", "--cluster", "prod", "-f", "pdf=prod.pdf", "-q"]) == 3
    assert capsysbinary.readouterr() == (b"%PDF \xff2026-01-01T00:00:05Z", b"")
    assert Path("prod.pdf").read_bytes() == b"%PDF \xff2026-01-01T00:00:05Z"

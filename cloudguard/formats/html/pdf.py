"""Prints a page as PDF, with WeasyPrint if it is installed, else with Chromium."""

from __future__ import annotations

import re
import shutil
import subprocess
from datetime import UTC, datetime
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final, NoReturn

from cloudguard.errors import UsageError
from cloudguard.results.report import Report

BROWSERS: Final = ("chromium", "chromium-browser", "chrome")
INSTALL: Final = "pip install weasyprint, or print the page of -f html in a browser"
_SECONDS: Final = 120
"""The time limit for Chromium."""
_DATE: Final = re.compile(rb"(?<=Date \(D:)[0-9]{14}")


def require_printer() -> None:
    """Raise UsageError if neither WeasyPrint nor Chromium is installed."""
    if not find_spec("weasyprint") and not _browser():
        message = "-f pdf needs WeasyPrint or Chromium, but neither is installed"
        raise UsageError(message, hint=INSTALL)


def render(*reports: Report) -> bytes:
    """Return the page of the reports as PDF. Raises the errors of ``from_page``."""
    from cloudguard.formats.html import page  # noqa: PLC0415 - checking for a printer needs no templates

    return from_page(page.render(*reports), max(report.finished for report in reports))


def from_page(page: str, finished: str) -> bytes:
    """Return the HTML ``page`` as PDF. Equal pages give equal bytes with the same version of the printer.

    ``finished`` is the date of the document, an ISO 8601 time. Raises UsageError if no printer is installed or it
    fails.
    """
    require_printer()
    return _by_weasyprint(page) if find_spec("weasyprint") else _by_chromium(_browser(), page, finished)


def _browser() -> str:
    """Return the path of Chromium, "" if it is not installed."""
    return next(filter(None, map(shutil.which, BROWSERS)), "")


def _by_weasyprint(page: str) -> bytes:
    weasyprint: Any = import_module("weasyprint")  # an optional extra, slow to load, without type hints

    def refuse(url: str, *_: object, **__: object) -> NoReturn:
        message = f"the page requests {url}"
        raise ValueError(message)

    return bytes(weasyprint.HTML(string=page, url_fetcher=refuse).write_pdf() or b"")


def _by_chromium(browser: str, page: str, finished: str) -> bytes:
    """Return the PDF that Chromium prints, with the date ``finished`` instead of the current time."""
    with TemporaryDirectory(prefix="cloudguard-") as name:
        folder = Path(name)
        file, printed = folder / "page.html", folder / "page.pdf"
        file.write_text(page, encoding="utf-8")
        command = [browser, "--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={folder / 'profile'}"]
        command += ["--no-pdf-header-footer", f"--print-to-pdf={printed}", file.as_uri()]
        try:
            subprocess.run(command, capture_output=True, check=True, timeout=_SECONDS)  # noqa: S603 - a browser of PATH
            content = printed.read_bytes()
        except (OSError, subprocess.SubprocessError) as error:
            message = f"{browser} did not print the page: {error}"
            raise UsageError(message, hint=INSTALL) from None
    date = datetime.fromisoformat(finished).astimezone(UTC).strftime("%Y%m%d%H%M%S").encode()
    return _DATE.sub(date, content)

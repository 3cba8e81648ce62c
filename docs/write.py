"""Writes all pages and schemas that are made from the code: ``make docs``."""

from __future__ import annotations

from docs import json_schemas, owners, render, settings, ways_in
from docs.identities import render as identities


def main() -> None:
    """Write the pages, and delete the pages of rows that no longer exist."""
    rows = render.pages()
    for old in set(render.PAGES.glob("*.md")) - set(rows):
        old.unlink()
    for pages in (rows, ways_in.pages(), owners.pages(), settings.pages(), json_schemas.pages(), identities.pages()):
        for path, text in pages.items():
            path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()

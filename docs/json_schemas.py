"""``docs/schemas``: a JSON Schema for each file that the program writes or reads, made from the types."""

from __future__ import annotations

from pathlib import Path

from cloudguard.cli.subcommands.schema import FILES, text_of

FOLDER = Path(__file__).parent / "schemas"


def pages() -> dict[Path, str]:
    """Return every schema's text by its path."""
    return {FOLDER / file: text_of(name) for name, file in FILES.items()}

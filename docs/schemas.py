"""Writes ``docs/schemas``, a JSON Schema a file that the program writes or reads, from the types themselves."""

from __future__ import annotations

from pathlib import Path

from cloudguard.cli.subcommands.schema import FILES, text_of

FOLDER = Path(__file__).parent / "schemas"


def schemas() -> dict[Path, str]:
    """Return every schema's text by its path."""
    return {FOLDER / file: text_of(name) for name, file in FILES.items()}


def main() -> None:
    """Write the schemas."""
    for path, text in schemas().items():
        path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()

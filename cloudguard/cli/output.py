"""Chooses formats and files, and writes texts to them."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

from cloudguard.cli.failures import put, say
from cloudguard.cli.flags import OUTPUT, QUIET
from cloudguard.errors import UsageError
from cloudguard.formats.escaping import visible
from cloudguard.needs.setting import Setting, Settings
from cloudguard.needs.settings import FORMAT
from cloudguard.values import dataclass

OWN: Final = 0o600
"""The mode of a report's file: only the owner may read it, because a report describes a network."""


@dataclass(frozen=True, slots=True)
class Sink:
    """One format and its file ("" is stdout)."""

    format: str
    file: str = ""


def sinks(settings: Settings, formats: Setting[tuple[str, ...]] = FORMAT, usual: str = "table") -> tuple[Sink, ...]:
    """Return the sinks that ``-f`` and ``-o`` ask for. The default format is ``usual``.

    Raises UsageError if two formats have the same file, or a file can't be written.
    """
    output = settings.get(OUTPUT)
    wanted = [Sink(*_split(text)) for text in settings.get(formats) or (usual,)]
    if output is not None:
        if len(wanted) > 1 or wanted[0].file:
            message = "--output is only for a single format without its own file"
            raise UsageError(message, hint="Write -f FORMAT=FILE for each")
        wanted = [Sink(wanted[0].format, "" if output == "-" else output)]
    places = [sink.file for sink in wanted]
    for place in places:
        if places.count(place) > 1:
            message = f"--format: two formats for {place or 'stdout'}"
            raise UsageError(message, hint="Write -f FORMAT=FILE")
        writable(place)
    if any(sink.format == "pdf" for sink in wanted):
        _printable(wanted)
    return tuple(wanted)


def _printable(to: Sequence[Sink]) -> None:
    """Raise UsageError if a PDF can't be made or would go to a terminal. Called before a cluster is read."""
    from cloudguard.formats.html.pdf import require_printer  # noqa: PLC0415 - loaded only for PDF

    require_printer()
    if Sink("pdf") in to and sys.stdout.isatty():
        message = "--format: a PDF cannot be shown on a terminal"
        raise UsageError(message, hint="Write -f pdf=FILE")


def _split(text: str) -> tuple[str, str]:
    name, _, file = text.partition("=")
    return name, "" if file == "-" else file


def streams_are_one() -> bool:
    """Return whether stdout and stderr are the same terminal, pipe or file, where a text on both would show twice."""
    try:
        return os.path.samestat(os.fstat(sys.stdout.fileno()), os.fstat(sys.stderr.fileno()))
    except (OSError, AttributeError):  # one may be closed
        return False


def file_of(settings: Settings) -> str:
    """Return the file of ``-o``, "" for stdout."""
    file = settings.get(OUTPUT) or ""
    return "" if file == "-" else file


def writable(file: str) -> None:
    """Raise UsageError if ``file`` ("": stdout) can't be written. Called before a cluster is read."""
    if not file:
        if sys.stdout is None:
            message = "cannot write to stdout: it is closed"
            raise UsageError(message, hint="Give -o FILE")
        return
    path = Path(file)
    folder = path.resolve().parent
    if path.is_dir():
        reason = "it is a folder"
    elif not folder.is_dir():
        reason = f"there is no folder {folder}"
    elif not os.access(path if path.exists() else folder, os.W_OK):
        reason = "permission denied"
    else:
        return
    message = f"cannot write {file}: {reason}"
    raise UsageError(message)


def save(content: str | bytes, file: str, mode: int = OWN) -> None:
    """Write ``content`` to ``file`` ("" is stdout), which gets all of it or stays unchanged; a new file has ``mode``.

    A file that is not regular (a device, a pipe) is written directly. Raises UsageError if the file can't be written.
    """
    data = content.encode() if isinstance(content, str) else content
    try:
        if not file:
            put(content)
        elif Path(file).exists() and not Path(file).is_file():
            Path(file).write_bytes(data)
        else:
            _replace(Path(file).resolve(), data, mode)
    except OSError as error:
        message = f"cannot write {file or 'to stdout'}: {error.strerror or error}"
        raise UsageError(message) from None


def save_list(sinks: Iterable[Sink], values: object, table: Callable[[], str]) -> None:
    """Write ``values`` to each sink as JSON, or else as the text of ``table``. Raises UsageError like ``save``."""
    from cloudguard.formats.contract.document import document, text  # noqa: PLC0415 - only lists need it

    for sink in sinks:
        save(text(document(values)) if sink.format == "json" else table(), sink.file)


def inform(settings: Settings, text: str) -> None:
    """Write a message for people to stderr, escaped, unless ``--quiet`` is given."""
    if not settings.get(QUIET):
        say(visible(text))


def _replace(path: Path, data: bytes, mode: int) -> None:
    """Write ``data`` to a temporary file in the same folder and rename it to ``path``."""
    descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(data)
            os.fchmod(stream.fileno(), mode)
        Path(name).replace(path)
    except BaseException:
        with suppress(OSError):
            Path(name).unlink()
        raise

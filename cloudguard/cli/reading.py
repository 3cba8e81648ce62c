"""Reads the cloud in a background thread. The main thread handles signals and the time limit and shows progress."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Generator
from concurrent.futures import Future, wait
from contextlib import contextmanager
from itertools import count
from threading import Thread
from time import monotonic
from typing import Generic, TypeVar

from cloudguard.cli.failures import SignalError, say
from cloudguard.cli.flags import NO_PROGRESS, QUIET, TIMEOUT
from cloudguard.cli.logs.log import LOG
from cloudguard.errors import AccessError
from cloudguard.formats.escaping import visible
from cloudguard.needs.setting import Settings
from cloudguard.provider.port import Progress, Stop
from cloudguard.values import dataclass

T = TypeVar("T")
HEARTBEAT = 30.0
"""Seconds between two lines of progress if stderr is not a terminal."""
GRACE = 4.0
"""Seconds that a stopped reading has to return what it has read so far."""


FIRST_CALLS = 16
"""The preparation starts at this call. An earlier start would delay the first calls, and all calls that follow."""


@dataclass(frozen=True, slots=True)
class Reading(Generic[T]):
    """The result of a reading, and the signal that ended it early, None if none did."""

    result: T
    signal: SignalError | None = None


def read(
    work: Callable[[Stop, Progress], T],
    settings: Settings,
    *,
    keep: bool = False,
    prepare: Callable[[], object] | None = None,
) -> Reading[T]:
    """Run ``work``, stop it after ``--timeout``, and return its result; raises the errors of ``work``.

    ``prepare`` is called once in a background thread, while the calls of ``work`` wait for their answers.

    Raises AccessError if ``work`` does not end within ``GRACE`` seconds after the time limit. Raises SignalError if a
    signal arrives; with ``keep``, only if ``work`` returns no result within ``GRACE`` seconds.
    """
    stop, answer = Stop(), Future[T]()
    with _progress(settings) as (step, beat):
        reported = preparing(step, prepare) if prepare else step
        try:
            Thread(target=_settle, args=(answer, lambda: work(stop, reported)), daemon=True).start()
            _wait(answer, stop, settings.get(TIMEOUT), beat)
        except SignalError as error:
            stop.set(f"the run was {error.word}")
            if keep and answer in wait((answer,), GRACE).done and answer.exception() is None:
                return Reading(answer.result(), error)
            raise
    return Reading(answer.result())


def preparing(progress: Progress, prepare: Callable[[], object]) -> Progress:
    """Return ``progress`` that also starts ``prepare`` in a background thread at call number ``FIRST_CALLS``."""
    numbers = count(1)

    def shown(step: str) -> None:
        if next(numbers) == FIRST_CALLS:
            Thread(target=prepare, daemon=True).start()
        progress(step)

    return shown


def _settle(answer: Future[T], work: Callable[[], T]) -> None:
    try:
        answer.set_result(work())
    except BaseException as error:  # noqa: BLE001 - handed on to the main thread
        answer.set_exception(error)


def _wait(answer: Future[T], stop: Stop, limit: float | None, beat: Callable[[], None]) -> None:
    """Wait for the answer; after ``limit`` seconds, stop the reading. Raises AccessError if it then does not end."""
    end = monotonic() + limit if limit else float("inf")
    while not wait((answer,), min(HEARTBEAT, max(end - monotonic(), 0))).done:
        if monotonic() < end:
            beat()
            continue
        stop.set("the time limit was reached (--timeout)")
        if not wait((answer,), GRACE).done:
            message = f"the cloud was not read within {limit:g} seconds (--timeout)"
            raise AccessError(message)


@contextmanager
def _progress(settings: Settings) -> Generator[tuple[Progress, Callable[[], None]]]:
    """Yield two functions: one shows or logs a step; the other writes a line of progress if stderr is no terminal."""
    terminal = sys.stderr is not None and sys.stderr.isatty()
    begun, steps = monotonic(), list[str]()

    log = LOG.get()

    def note(step: str) -> None:
        steps.append(step)
        log.call(step)

    def beat() -> None:
        if not (terminal or settings.get(QUIET)):
            last = visible(steps[-1]) if steps else "none"
            say(f"cloudguard: reading for {monotonic() - begun:.0f} s: {len(steps)} calls, last call: {last}")

    unwanted = settings.get(NO_PROGRESS) or settings.get(QUIET) or log.calls or not terminal
    if unwanted or os.environ.get("CI") or os.environ.get("TERM") == "dumb":
        yield note, beat
        return
    from rich.console import Console  # noqa: PLC0415 - takes a sixth of a second; only a terminal needs it
    from rich.text import Text  # noqa: PLC0415 - only a terminal needs it

    with Console(stderr=True).status(Text("reading …")) as status:
        yield lambda step: status.update(Text(f"reading {visible(step)}")), beat

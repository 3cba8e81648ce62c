"""Compares a run with an earlier one, from the store or from the report of ``--baseline``, and stores the run."""

from __future__ import annotations

import dataclasses
from collections.abc import Generator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Final

from cloudguard.cli import output
from cloudguard.errors import CloudguardError, StoreError, UsageError
from cloudguard.needs.setting import Setting, Settings
from cloudguard.needs.settings import BASELINE, FAIL_ON_NEW, HEARTBEAT, LOCK_WAIT, ONLY_CHANGES, STORE

if TYPE_CHECKING:  # at run time, loaded only with a store or a baseline
    from cloudguard.comparison.listed import ListedReport
    from cloudguard.fleet.target import TargetCluster
    from cloudguard.history.store import Store
    from cloudguard.results.report import Report

NONE: Final = "none"
"""The value of ``--store`` that switches the store off."""


@dataclasses.dataclass(slots=True)
class Past:
    """The store and the baseline of a run.

    ``failed`` is the first error of either. Such an error does not stop the reports.
    """

    settings: Settings
    store: Store | None = None
    baseline: tuple[ListedReport, ...] = ()
    failed: CloudguardError | None = None

    @contextmanager
    def locked(self, asked: Sequence[TargetCluster]) -> Generator[None]:
        """Hold the store's locks for all requested clusters while the block runs ("": all clusters of the target).

        Raises LockedError if another run holds one of them.
        """
        with ExitStack() as locks:
            if self.store is not None:
                from cloudguard.history.lock import Lock  # noqa: PLC0415 - only with a store

                with self._errors_kept():
                    for cluster in sorted(asked, key=lambda each: each.key):  # the same order in all runs: no deadlock
                        provider = cluster.target.provider
                        name = f"{provider} {cluster.name}" if cluster.name else f"the clusters of {provider}"
                        lock = Lock(self.store.address, self.store.engine, name, cluster.key)
                        locks.callback(lock.release)
                        lock.acquire(self.settings.get(LOCK_WAIT) or 0)
            yield

    def compared(self, report: Report) -> Report:
        """Return the report with ``since``: the changes since the baseline, or else since the last stored run.

        ``since`` is left out if there is no earlier run, or the cluster was not read. ``last_complete`` is the time of
        the last complete run in the store.
        """
        report = replace(report, last_complete=self._last_complete(report))
        if not was_read(report):
            return report
        if self.baseline:
            return self._since_baseline(report, self.baseline)
        if self.store is None or self.failed:
            return report
        from cloudguard.history.outcome import since_run  # noqa: PLC0415 - only with a store

        with self._errors_kept():
            state, today = self.store.state(report), self.store.listed(report, checks())
            if state is not None and state.finished <= today.finished:
                return replace(report, since=since_run(state, today))
        return report

    def _last_complete(self, report: Report) -> str:
        with self._errors_kept():
            return "" if self.store is None or self.failed else self.store.last_complete(report)
        return ""

    def _since_baseline(self, report: Report, baseline: Sequence[ListedReport]) -> Report:
        from cloudguard.comparison.findings import since  # noqa: PLC0415 - only with a baseline
        from cloudguard.comparison.listed import listed  # noqa: PLC0415 - only with a baseline

        today = listed(report, checks())
        for earlier in baseline:
            if earlier.is_of_cluster(today):
                return replace(report, since=since(earlier, today))
        if len(baseline) == 1:
            message = f"--baseline: the report is on the cluster {baseline[0].name}, not on {today.name}"
            self._fail(UsageError(message))
        return report

    def is_shown(self, report: Report) -> bool:
        """Return whether to show the report on the screen: with ``--only-changes``, only if something has changed.

        A report without changes is shown too if the last one was shown at least ``--heartbeat`` ago.
        """
        if not self.settings.get(ONLY_CHANGES) or report.since is None or report.since.changed:
            return True
        heartbeat = self.settings.get(HEARTBEAT)
        return heartbeat is not None and self._silence(report) >= timedelta(seconds=heartbeat)

    def _silence(self, report: Report) -> timedelta:
        """Return the time since the baseline or the last run that was shown; the longest time if there is none."""
        from cloudguard.history.times import between  # noqa: PLC0415 - only with --heartbeat

        with self._errors_kept(), suppress(ValueError):  # no run was shown yet, or the baseline has no date
            state = None if self.baseline or self.store is None else self.store.state(report)
            last = self.baseline[0].finished if self.baseline else state.last_shown if state else ""
            return between(last, report.finished)
        return timedelta.max

    def keep(self, report: Report, *, shown: bool) -> None:
        """Write the run to the store, if there is one. ``shown``: the report was shown on the screen."""
        if self.store is None or self.failed or not was_read(report):
            return
        with self._errors_kept():
            if not self.store.keep(report, checks(), shown=shown):
                text = f"this run was not added to {self.store.address.shown}, which has it or a later run"
                output.inform(self.settings, f"cloudguard: {text}")

    @contextmanager
    def _errors_kept(self) -> Generator[None]:
        """Keep an error of the store in ``failed``, and leave the block."""
        try:
            yield
        except StoreError as error:
            self._fail(error)

    def _fail(self, error: CloudguardError) -> None:
        self.failed = self.failed or error


def past(settings: Settings) -> Past:
    """Return the store and the baseline of the settings.

    Raises UsageError if these settings are wrong. An error of the database goes to ``Past.failed`` and is shown after
    the report.
    """
    url, file = settings.get(STORE) or "", settings.get(BASELINE)
    keeps = url != NONE and (url != "" or default_store().is_file())
    _check(settings, compares=keeps or file is not None)
    opened = Past(settings, baseline=() if file is None else _baseline(file))
    if keeps:
        _open(opened, url)
    return opened


def was_read(report: Report) -> bool:
    """Return whether anything was read about the report's cluster. The report on an unread cluster has no region."""
    return bool(report.cluster.regions)


def default_store() -> Path:
    """Return the default file of the store, which ``history init`` makes if ``--store`` is not given."""
    from platformdirs import user_state_path  # noqa: PLC0415 - help does not need it

    return user_state_path("cloudguard", appauthor=False) / "history.db"


def checks() -> frozenset[str]:
    """Return the ids of all checks of this version."""
    from cloudguard.rows.judge import ROWS  # noqa: PLC0415 - a report has loaded it already

    return frozenset(check.id for row in ROWS for check in row.CHECKS)


def _open(opened: Past, url: str) -> None:
    from cloudguard.history import address  # noqa: PLC0415 - only with a store

    where = address.address(url) if url else address.of_file(default_store())
    from cloudguard.history.opening import Purpose  # noqa: PLC0415 - it loads SQLAlchemy
    from cloudguard.history.store import open_store  # noqa: PLC0415 - it loads SQLAlchemy

    try:
        opened.store = open_store(where, Purpose.RUN)
    except StoreError as error:
        opened.failed = error
        return
    if opened.store.created:
        output.inform(opened.settings, f"cloudguard: made a history in {where.shown}")


def _baseline(file: str) -> tuple[ListedReport, ...]:
    from cloudguard.cli.snapshots import read_file  # noqa: PLC0415 - that module imports this one
    from cloudguard.comparison.listed import listed  # noqa: PLC0415 - only with a baseline
    from cloudguard.results.files.report_file import load_all  # noqa: PLC0415 - only with a baseline

    return tuple(map(listed, load_all(read_file(file, "the baseline "), file)))


def _check(settings: Settings, *, compares: bool) -> None:
    """Raise UsageError if a flag is given without the flag that it needs."""
    needing: tuple[Setting[object], ...] = (FAIL_ON_NEW, ONLY_CHANGES)
    for setting in needing:
        if settings.get(setting) and not compares:
            message = f"--{setting.name} needs an earlier run to compare with"
            raise UsageError(
                message, hint="Give --store URL or --baseline FILE, or make a store: cloudguard history init"
            )
    if settings.get(HEARTBEAT) and not settings.get(ONLY_CHANGES):
        message = "--heartbeat has no effect without --only-changes"
        raise UsageError(message)

"""The command ``history``: makes a store, shows its content and prunes it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Final

from cloudguard.cli import output
from cloudguard.cli.flags import EVERY, KEEP, LIST_FORMAT, OF_CLUSTER
from cloudguard.cli.reports.past import default_store
from cloudguard.cli.settings import CommandLine
from cloudguard.errors import ExitStatus, UsageError
from cloudguard.formats import history_table
from cloudguard.formats.contract.document import document, text
from cloudguard.history import queries
from cloudguard.history.address import StoreAddress, address, of_file
from cloudguard.history.opening import Purpose
from cloudguard.history.prune import prune
from cloudguard.history.schema import own_tables
from cloudguard.history.store import Store, open_store
from cloudguard.history.trend import trend
from cloudguard.needs.setting import Settings
from cloudguard.needs.settings import STORE
from cloudguard.results.wording import count

_DAYS: Final = timedelta(days=7)


def init(line: CommandLine) -> int:
    """Make a store if there is none, or migrate its schema to the latest; print what was made."""
    settings = line.settings()
    where = _address(settings)
    if where.file is not None and not settings.get(STORE):
        _make_folder(where.file.parent)
    store = open_store(where, Purpose.INIT)
    made = f"made a history in {where.shown} with the tables {', '.join(own_tables())}"
    message = made if store.created else f"the history in {where.shown} has the latest schema"
    output.inform(settings, f"cloudguard: {message}")
    return int(ExitStatus.CLEAN)


def _make_folder(folder: Path) -> None:
    """Make the folder for the user's state if it is missing; raises UsageError if this fails."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        message = f"cannot make the folder {folder}: {error.strerror}"
        raise UsageError(message, hint="Give --store URL") from None


def list_clusters(line: CommandLine) -> int:
    """List the clusters, each with its latest run."""
    settings, store = _settings_and_store(line)
    with store.reading() as connection:
        clusters = queries.clusters(connection, settings.get(OF_CLUSTER) or ())
    output.save_list(output.sinks(settings, LIST_FORMAT), clusters, lambda: history_table.clusters(clusters))
    return int(ExitStatus.CLEAN)


def show(line: CommandLine) -> int:
    """Show a finding, or all findings of a cluster, over time."""
    settings, store = _settings_and_store(line)
    word = line.argument("what")
    if not word:
        message = "name a finding by its id, or a cluster"
        raise UsageError(message, hint="List both: cloudguard history list")
    with store.reading() as connection:
        intervals = queries.intervals(connection, settings.get(OF_CLUSTER) or (), word)
        known = intervals or queries.clusters(connection, [word])
    if not known:
        message = f"the history has no finding or cluster {word!r}"
        raise UsageError(message, hint="List both: cloudguard history list")
    output.save_list(output.sinks(settings, LIST_FORMAT), intervals, lambda: history_table.intervals(intervals))
    return int(ExitStatus.CLEAN)


def show_trend(line: CommandLine) -> int:
    """Show how many findings were open, new and fixed in each period."""
    settings, store = _settings_and_store(line)
    every = settings.get(EVERY)
    with store.reading() as connection:
        history = queries.everything(connection, settings.get(OF_CLUSTER) or ())
    periods = trend(history, _DAYS if every is None else timedelta(seconds=every))
    output.save_list(output.sinks(settings, LIST_FORMAT), periods, lambda: history_table.trend(periods))
    return int(ExitStatus.CLEAN)


def prune_runs(line: CommandLine) -> int:
    """Delete runs and ended findings that are older than ``--keep``."""
    settings, store = _settings_and_store(line)
    keep = settings.get(KEEP)
    if keep is None:
        message = "--keep is missing"
        raise UsageError(message, hint="Example: cloudguard history prune --keep 400d")
    done = prune(store, timedelta(seconds=keep))
    gone = f"{count(done.runs, 'run')} and {count(done.findings, 'finding')} that ended before {done.before}"
    output.inform(settings, f"cloudguard: {gone} were deleted from {store.address.shown}")
    return int(ExitStatus.CLEAN)


def export(line: CommandLine) -> int:
    """Write the store's content as JSON."""
    settings, store = _settings_and_store(line)
    file = output.file_of(settings)
    output.writable(file)
    with store.reading() as connection:
        output.save(text(document(queries.everything(connection, settings.get(OF_CLUSTER) or ()))), file)
    return int(ExitStatus.CLEAN)


ACTIONS: Final[Mapping[str, Callable[[CommandLine], int]]] = {
    "history init": init,
    "history list": list_clusters,
    "history show": show,
    "history trend": show_trend,
    "history prune": prune_runs,
    "history export": export,
}


def _settings_and_store(line: CommandLine) -> tuple[Settings, Store]:
    settings = line.settings()
    return settings, open_store(_address(settings), Purpose.READ)


def _address(settings: Settings) -> StoreAddress:
    url = settings.get(STORE)
    return address(url) if url else of_file(default_store())

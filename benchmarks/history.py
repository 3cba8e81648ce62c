"""Measure a year of nightly runs in a store: its size, the time of a night's write, and of the last comparison.

``python benchmarks/history.py`` keeps 365 nights of 50 clusters with 60 findings each, and takes some minutes.
``--nights``, ``--clusters`` and ``--findings`` change these numbers. Times are processor time, and one more night is
also timed by the wall clock. tests/support/kept_years.py makes the findings and their changes.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from random import Random
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter, process_time

ROOT = Path(__file__).parent.parent
sys.path[:0] = [str(ROOT / "tests" / "support")]  # by default Python searches only the script's folder

from cloudguard.formats import json_report
from cloudguard.history.address import address
from cloudguard.history.opening import Purpose
from cloudguard.history.outcome import since_run
from cloudguard.history.store import Store, open_store
from kept_years import CHECKS, Account, accounts, size, written

MIB = 2**20


def compared(store: Store, of: Sequence[Account], night: int) -> Iterator[float]:
    """Yield, for each cluster, the seconds of comparing one more night with the store."""
    for account in of:
        report = account.next_night(night, Random(2))
        begun = process_time()
        state = store.state(report)
        assert state is not None
        since_run(state, store.listed(report, CHECKS))
        yield process_time() - begun


def rendered(of: Sequence[Account], night: int) -> Iterator[float]:
    """Yield, for each cluster, the seconds of writing one more night's report as JSON, which every run may do."""
    for account in of:
        report = account.next_night(night, Random(2))
        begun = process_time()
        json_report.render(report)
        yield process_time() - begun


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--nights", type=int, default=365)
    parser.add_argument("--clusters", type=int, default=50)
    parser.add_argument("--findings", type=int, default=60)
    options = parser.parse_args()
    with TemporaryDirectory() as folder:
        file = Path(folder) / "history.db"
        store = open_store(address(f"sqlite:///{file}"), Purpose.RUN)
        of = accounts(options.clusters, options.findings)
        writes = sorted(written(store, of, range(options.nights)))
        differences = sorted(compared(store, of, options.nights))
        print(f"{options.nights} nights of {options.clusters} clusters with {options.findings} findings each")
        print(
            f"size                 {size(file) / MIB:6.1f} MiB (10 wanted), {size(file) / len(writes):.0f} bytes a run"
        )
        print(f"a night's write      {_text(writes)} a cluster (50 wanted)")
        print(f"the last comparison  {_text(differences)} a cluster (20 wanted)")
        waited = sorted(written(store, of, range(options.nights, options.nights + 1), perf_counter))
        print(f"one more night       {_text(waited)} a cluster by the wall clock")
        both = median(writes) + median(differences)
        print(f"both, to the report as JSON  {both / median(rendered(of, options.nights)):.1f}")


def _text(seconds: Sequence[float]) -> str:
    """Return the median and the longest of sorted times as text."""
    return f"{median(seconds) * 1e3:6.1f} ms, at most {seconds[-1] * 1e3:.1f} ms"


if __name__ == "__main__":
    main()

"""Real processes: two runs at once, and one that is killed while it writes."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from time import monotonic, sleep

import pytest

from cloudguard.history.address import address
from cloudguard.history.opening import Purpose
from cloudguard.history.queries import everything
from cloudguard.history.store import Store, open_store
from command import install, ran
from nights import night

PATIENCE = 60.0


@pytest.fixture(autouse=True)
def memory(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Install the provider "memory"."""
    install(monkeypatch, tmp_path)


def started(*words: str) -> subprocess.Popen[str]:
    """Start ``cloudguard``."""
    command = [sys.executable, "-m", "cloudguard", *words]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)  # noqa: S603 - ours


def until(there: Callable[[], bool]) -> None:
    """Wait until a condition is true."""
    end = monotonic() + PATIENCE
    while not there():
        assert monotonic() < end
        sleep(0.02)


def test_a_second_run_for_the_same_cluster_is_refused_or_waits(url: str) -> None:
    open_store(address(url), Purpose.INIT)
    words = ("check", "memory", "--cluster", "slow", "--store", url)
    first = started(*words)
    until(Path("asked").exists)
    second = started(*words)
    _, err = second.communicate(timeout=PATIENCE)
    assert second.returncode == 75
    assert err.count("\n") == 1
    assert "another run uses memory slow in " in err
    assert "s3cr3t" not in err
    other = started("check", "memory", "--cluster", "prod", "--store", url)
    assert (other.wait(PATIENCE), other.communicate()[1].count("lock")) == (3, 0)
    third = started(*words, "--lock-wait", "5m", "--timeout", "1s")
    first.kill()
    _, err = third.communicate(timeout=PATIENCE)
    assert third.returncode in {4, 5}, err
    first.communicate()


WRITER = """
import sys
from itertools import count
from many_nights import report
from cloudguard.history.address import address
from cloudguard.history.opening import Purpose
from cloudguard.history.store import open_store
store = open_store(address(sys.argv[1]), Purpose.RUN)
for number in count():
    store.keep(report(number), {"etcd-access/inside"}, shown=True)
    print(number, flush=True)
"""


def test_a_run_killed_while_it_writes_leaves_a_store_that_opens(
    sqlite_store: Callable[[], Store],
) -> None:
    store = sqlite_store()
    assert store.address.file is not None
    for kept in (3, 40):
        command = [sys.executable, "-c", WRITER, f"sqlite:///{store.address.file}"]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as writer:  # noqa: S603 - ours
            assert writer.stdout is not None
            last = next(line for line in writer.stdout if int(line) >= kept)
            os.kill(writer.pid, signal.SIGKILL)
            last = [last, *writer.stdout][-1]
        with sqlite_store().reading() as connection:
            assert connection.exec_driver_sql("PRAGMA integrity_check").scalar() == "ok"
            history = everything(connection)
        assert len(history.runs) - int(last) in {1, 2}
        for run in history.runs[-1:]:
            there = [finding for finding in history.findings if finding.began <= run.finished and not finding.ended]
            assert len(there) == 2


def test_the_next_run_completes_a_store_whose_creation_was_killed() -> None:
    killed = started("check", "--snapshot", night(1), "--store", "sqlite:///h.db")
    until(Path("h.db").exists)
    killed.kill()
    killed.communicate()
    assert started("check", "--snapshot", night(2), "--store", "sqlite:///h.db").wait(PATIENCE) == 3


def test_findings_stay_new_if_the_run_dies_before_its_notice(
    capsys: pytest.CaptureFixture[str],
) -> None:
    gate = ("--store", "sqlite:///h.db", "--fail-on-new")
    with socket.create_server(("127.0.0.1", 0)) as silent:
        silent.settimeout(PATIENCE)
        url = f"json://127.0.0.1:{silent.getsockname()[1]}/"
        killed = started("check", "--snapshot", night(1), *gate, "--notify", url)
        connection, _ = silent.accept()  # the report is written by now
        killed.kill()
        assert "etcd-access" in killed.communicate()[0]
        connection.close()
    assert [ran(capsys, "check", "--snapshot", night(day), *gate)[0] for day in (2, 3)] == [3, 0]

"""A run stopped by a signal or its time limit ends soon and keeps what it read. A long run prints signs of life."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path
from time import monotonic, sleep

import pytest

from cloudguard.cli import reading
from cloudguard.model.files import snapshot_file
from cloudguard.model.source import Reason
from command import install, ran, refusal, shell, written_snapshot

SOON = 5.0
"""The seconds after a signal in which a run must end, on a busy machine."""
SIGNALS = [(signal.SIGINT, 130, "interrupted"), (signal.SIGTERM, 143, "terminated")]


@pytest.fixture(autouse=True)
def memory(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Install the provider "memory"."""
    install(monkeypatch, tmp_path)


def stopped(command: str, cluster: str, *signals: signal.Signals, more: tuple[str, ...] = ()) -> tuple[int, str, str]:
    """Run a command, send it ``signals`` while its call hangs, and return its status and both streams."""
    words = [sys.executable, "-m", "cloudguard", command, "memory", "--cluster", cluster, *more]
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as child:  # noqa: S603
        while not Path("asked").exists() and child.poll() is None:
            sleep(0.02)
        begun = monotonic()
        for number in signals:
            child.send_signal(number)
            sleep(0.2)
        out, err = child.communicate(timeout=60)
        assert monotonic() - begun < SOON
    return child.returncode, out, err


@pytest.mark.parametrize(("number", "status", "word"), SIGNALS, ids=str)
@pytest.mark.parametrize("cluster", ["slow", "deaf"])
def test_a_signal_ends_a_run_whose_call_hangs(cluster: str, number: signal.Signals, status: int, word: str) -> None:
    assert stopped("check", cluster, number) == (status, "", f"cloudguard: {word}\n")


@pytest.mark.parametrize(("number", "status", "word"), SIGNALS, ids=str)
def test_after_a_signal_the_report_holds_what_was_read(number: signal.Signals, status: int, word: str) -> None:
    assert stopped("check", "slow", number, more=("-f", "json=r.json", "-f", "table"))[:2] == (status, "")
    report = json.loads(Path("r.json").read_text())
    assert report["complete"] is False
    assert [(gap["reason"], gap["message"]) for gap in report["gaps"]] == [("stopped", f"the run was {word}")]
    Path("asked").unlink()
    assert stopped("collect", "slow", number, more=("-o", "s.json"))[0] == status
    [gap] = snapshot_file.load(Path("s.json").read_bytes(), "s.json").gaps
    assert gap.reason is Reason.STOPPED


def test_a_second_signal_ends_the_run_at_once_without_a_traceback() -> None:
    both = (signal.SIGINT, signal.SIGTERM)
    status, _, err = stopped("check", "deaf", *both, more=("-o", "r.txt"))
    assert (status, err) == (143, "")
    assert not Path("r.txt").exists()


def test_a_signal_that_the_caller_ignores_stays_ignored() -> None:
    done = shell("trap '' INT; cloudguard check memory --cluster slow --timeout 2s -q & child=$!; "
                 "while [ ! -e asked ]; do sleep 0.1; done; kill -INT $child; wait $child")  # fmt: skip
    assert done.returncode == 5


def test_a_signal_during_startup_prints_one_line() -> None:
    begin = "from cloudguard import __main__ as m; import os, signal; m.signal.getsignal = lambda n: 0; "
    program = begin + "m._end_process(signal.SIGINT, None)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)  # noqa: S603
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "cloudguard: interrupted\n")


@pytest.mark.parametrize("text", ["1s", "1"])
def test_at_the_time_limit_the_facts_read_so_far_are_judged(capsys: pytest.CaptureFixture[str], text: str) -> None:
    status, out, _ = ran(capsys, "check", "memory", "--cluster", "slow", "--timeout", text, "-f", "json")
    assert status == 5
    assert [gap["message"] for gap in json.loads(out)["gaps"]] == ["the time limit was reached (--timeout)"]


def test_a_provider_that_ignores_the_time_limit_is_abandoned(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "GRACE", 0.1)
    status, out, err = ran(capsys, "check", "memory", "--cluster", "deaf", "--timeout", "1s")
    assert (status, out, err) == (4, "", "cloudguard: the cloud was not read within 1 seconds (--timeout)\n")


@pytest.mark.parametrize("text", ["0", "1w", "-1", "soon", "1.5h"])
def test_a_wrong_time_limit_is_refused(capsys: pytest.CaptureFixture[str], text: str) -> None:
    assert f"--timeout: {text!r} is not a time" in refusal(capsys, "check", "memory", "--timeout", text)


def test_a_long_run_prints_its_progress_on_a_pipe(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "HEARTBEAT", 0.2)
    argv = ("check", "memory", "--cluster", "slow", "--timeout", "1s")
    assert "cloudguard: reading for 0 s: 1 calls, last call: memory:Read\n" in ran(capsys, *argv)[2]
    assert ran(capsys, *argv, "-q")[2] == ""


@pytest.mark.parametrize(
    ("flag", "line"),
    [
        ("--snapshot", "/dev/zero is larger than 512 MiB"),
        ("--config", "/dev/zero is larger than 1 MiB"),
    ],
)
def test_an_endless_file_is_refused(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, flag: str, line: str
) -> None:
    assert f"cloudguard: {line}" in refusal(capsys, "check", "memory", flag, "/dev/zero")
    with Path("/dev/zero").open() as stream:
        monkeypatch.setattr(sys, "stdin", stream)
        assert "cloudguard: stdin is larger than 512 MiB" in refusal(capsys, "check", "--snapshot", "-")


@pytest.mark.parametrize("closed", [">&-", ">&- 2>&-"])
def test_a_closed_stdout_is_an_error_unless_a_file_is_named(closed: str) -> None:
    snapshot = written_snapshot()
    done = shell(f"cloudguard check --snapshot {snapshot} {closed}")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == ("" if "2>" in closed else "cloudguard: cannot write to stdout: it is closed. Give -o FILE\n")
    assert shell(f"cloudguard check --snapshot {snapshot} -o r.txt {closed}").returncode == 3
    assert Path("r.txt").read_text().startswith("cluster ")

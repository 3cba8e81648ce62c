"""Where output goes: stdout, stderr, files, pipes and terminals, plain or coloured."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from contextlib import redirect_stdout
from pathlib import Path

import pytest

from cloudguard.cli import run
from cloudguard.cli.flags import ROWS
from cloudguard.cli.reports.rendering import coloured
from cloudguard.rows import judge
from command import install, ran, refusal, shell, written_snapshot


@pytest.fixture(autouse=True)
def memory(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Install the provider "memory"."""
    install(monkeypatch, tmp_path)


@pytest.fixture
def snapshot() -> str:
    """The file name of the sample snapshot."""
    return written_snapshot()


def test_a_snapshot_is_read_from_stdin(snapshot: str) -> None:
    command = [sys.executable, "-m", "cloudguard", "check", "--snapshot", "-", "-f", "json"]
    done = subprocess.run(command, input=Path(snapshot).read_bytes(), capture_output=True, check=False)  # noqa: S603
    assert done.returncode == 3
    assert json.loads(done.stdout)["cluster"]["name"] == "prod"


def test_each_format_goes_to_its_file(capsys: pytest.CaptureFixture[str], snapshot: str) -> None:
    formats = ("-f", "json=a.json", "-f", "markdown=a.md", "-f", "table")
    _, out, _ = ran(capsys, "check", "--snapshot", snapshot, *formats)
    assert out.startswith("cluster ")
    assert json.loads(Path("a.json").read_text())["schema"] == "cloudguard/report/v1"
    assert Path("a.md").read_text().startswith("# cloudguard: prod")
    assert sorted(path.name for path in Path().iterdir()) == ["a.json", "a.md", "prod.json"]


def test_an_output_file_is_replaced_through_links_and_readable_only_by_its_owner(
    capsys: pytest.CaptureFixture[str], snapshot: str
) -> None:
    report = Path("report.txt")
    report.write_text("old")
    report.chmod(0o640)
    Path("link.txt").symlink_to(report)
    _, out, err = ran(capsys, "check", "--snapshot", snapshot, "-o", "link.txt", "-q")
    assert (out, err) == ("", "")
    assert Path("link.txt").is_symlink()
    assert report.read_text().startswith("cluster ")
    assert report.stat().st_mode & 0o777 == 0o600


def test_a_device_is_written_to_directly(capsys: pytest.CaptureFixture[str], snapshot: str) -> None:
    assert ran(capsys, "check", "--snapshot", snapshot, "-o", "/dev/null")[0] == 3
    assert "cannot write /dev/full: No space left" in refusal(
        capsys, "check", "--snapshot", snapshot, "-o", "/dev/full"
    )


@pytest.mark.parametrize(
    ("choice", "environment", "screen", "on"),
    [
        ("auto", {}, True, True),
        ("auto", {}, False, False),
        ("auto", {"NO_COLOR": "1"}, True, False),
        ("auto", {"NO_COLOR": ""}, True, True),
        ("auto", {"FORCE_COLOR": "1"}, False, True),
        ("auto", {"NO_COLOR": "1", "FORCE_COLOR": "1"}, True, False),
        ("auto", {"TERM": "dumb"}, True, False),
        ("always", {"NO_COLOR": "1"}, False, True),
        ("never", {"FORCE_COLOR": "1"}, True, False),
    ],
)
def test_flag_and_environment_decide_colour(choice: str, environment: dict[str, str], screen: bool, on: bool) -> None:  # noqa: FBT001
    assert coloured(choice, environment, screen=screen) is on


def test_a_file_is_coloured_only_by_the_flag() -> None:
    assert not coloured("auto", {"FORCE_COLOR": "1"}, screen=False, file=True)
    assert coloured("always", {}, screen=False, file=True)


def test_a_closed_pipe_is_no_error(snapshot: str) -> None:
    done = shell(f"cloudguard check --snapshot {snapshot} -q -f json | true")
    assert (done.returncode, done.stderr) == (3, "")


def test_a_full_disk_is_an_error(snapshot: str) -> None:
    done = shell(f"cloudguard check --snapshot {snapshot} -q > /dev/full")
    assert done.returncode == 2
    assert done.stderr == "cloudguard: cannot write to stdout: No space left on device\n"


def test_an_ascii_terminal_gets_a_report(snapshot: str) -> None:
    done = shell(f"PYTHONIOENCODING=ascii cloudguard check --snapshot {snapshot}")
    assert done.returncode == 3
    assert "198.51.100.7 \\u2192 tcp 2379" in done.stdout


def test_only_a_terminal_gets_progress_and_colour(snapshot: str) -> None:
    assert "\x1b" not in shell(f"cloudguard check --snapshot {snapshot}").stdout
    on_terminal = f"TERM=xterm script -qec '{sys.executable} -m cloudguard check memory --region here 2>&1' /dev/null"
    shown = shell(f"env -u CI {on_terminal.replace(sys.executable + ' -m cloudguard', 'cloudguard')}").stdout
    assert "\x1b[1;31mFAIL\x1b[0m" in shown
    assert "reading" in shown
    piped = shell(f"{on_terminal.replace('2>&1', '2>/dev/null | cat')}").stdout
    assert "\x1b" not in piped


@pytest.mark.parametrize("line", ["{} 2>&1", "{} > both 2>&1; cat both", "script -qec '{}' /dev/null"], ids=str)
def test_the_summary_is_printed_once_if_stdout_and_stderr_are_one(snapshot: str, line: str) -> None:
    done = shell(line.format(f"cloudguard check --snapshot {snapshot}"))
    assert done.stdout.count("prod: ") == 1
    assert done.stderr == ""


def test_the_summary_is_printed_on_both_streams_if_they_differ(snapshot: str) -> None:
    done = shell(f"cloudguard check --snapshot {snapshot}")
    assert done.stderr.count("prod: ") == done.stdout.count("prod: ") == 1
    assert done.stdout.endswith(done.stderr)


def test_display_flags_do_not_change_the_exit_status(capsys: pytest.CaptureFixture[str], snapshot: str) -> None:
    check = ("check", "--snapshot", snapshot)
    status, whole, summary = ran(capsys, *check)
    assert status == 3
    for flags, shown, hidden in (
        (("--summary",), ("node-access", "etcd-access"), ("etcd-access/internet",)),
        (("--row", "etcd-access"), ("etcd-access/internet", "etcd-access/tls"), ("node-access",)),
        (("--row", "etcd-access", "--row", "node-access"), ("etcd-access/tls", "node-access"), ("api-server-access",)),
        (("--min-severity", "critical"), ("etcd-access/internet", "node-access"), ("etcd-access/tls",)),
    ):
        narrowed = ran(capsys, *check, *flags)
        assert (narrowed[0], narrowed[2]) == (status, summary)
        assert [part for part in shown if part not in narrowed[1]] == []
        assert [part for part in hidden if part in narrowed[1] or part not in whole] == []
        assert ran(capsys, *check, *flags, "-f", "json") == ran(capsys, *check, "-f", "json")


def test_the_rows_to_choose_from_are_those_of_the_report() -> None:
    assert [row.ROW for row in judge.ROWS] == list(ROWS), "ROWS of cloudguard/cli/flags.py"


def test_a_program_may_take_stdout_into_a_string(snapshot: str) -> None:
    with redirect_stdout(io.StringIO()) as file:
        assert run(["check", "--snapshot", snapshot, "-q"]) == 3
    assert file.getvalue().startswith("cluster ")

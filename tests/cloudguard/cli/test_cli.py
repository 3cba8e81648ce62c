"""The command line, from arguments to output and status, with a provider in memory that is installed like any other."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import sample
from cloudguard.cli import run
from cloudguard.model.files import snapshot_file
from cloudguard.needs.settings import FORMATS
from cloudguard.provider.port import installed
from command import install, ran, refusal, written_snapshot

TEXTS = [form for form in FORMATS if form != "pdf"]
"""The text formats. tests/cloudguard/formats/html/test_pdf.py tests the binary one."""
PROVIDERS = ", ".join(sorted({*installed(), "memory"}))


@pytest.fixture(autouse=True)
def memory(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Install the provider "memory"."""
    install(monkeypatch, tmp_path)


@pytest.fixture
def snapshot() -> str:
    """The file name of the sample snapshot."""
    return written_snapshot()


def test_check_writes_the_report_to_stdout_and_the_summary_to_stderr(capsys: pytest.CaptureFixture[str]) -> None:
    status, out, err = ran(capsys, "check", "memory", "--cluster", "prod")
    assert status == 3
    assert out.startswith("cluster  prod (kubeadm 1.33)")
    assert "etcd-access/internet" in out
    assert err.strip() == out.strip().splitlines()[-1]


def test_a_snapshot_gives_the_same_report_byte_for_byte(capsys: pytest.CaptureFixture[str]) -> None:
    assert ran(capsys, "collect", "memory", "--cluster", "hostile", "-o", "prod.json")[0] == 0
    for form in TEXTS:
        live = ran(capsys, "check", "memory", "--cluster", "hostile", "-f", form)
        assert live == ran(capsys, "check", "--snapshot", "prod.json", "-f", form)
        assert live[0] == (2 if form == "asff" else 3), "asff is only for clusters on AWS"


def test_each_format_is_written_by_its_own_module(capsys: pytest.CaptureFixture[str]) -> None:
    written = {ran(capsys, "check", "memory", "--cluster", "prod", "-f", form)[1] for form in TEXTS}
    assert len(written) == len(TEXTS), "a format of FORMATS is left out of cloudguard/cli/reports/rendering.py"


@pytest.mark.parametrize(
    ("cluster", "fail_on", "status"),
    [
        ("prod", "critical", 3),
        ("prod", "never", 0),
        ("gappy", "medium", 5),
        ("gappy", "never", 4),
    ],
)
def test_the_exit_status_distinguishes_findings_and_gaps(
    capsys: pytest.CaptureFixture[str], cluster: str, fail_on: str, status: int
) -> None:
    assert ran(capsys, "check", "memory", "--cluster", cluster, "--fail-on", fail_on)[0] == status


@pytest.mark.parametrize(
    ("cluster", "status", "line"),
    [
        ("locked", 4, "no credentials. Log in"),
        ("nobody", 2, "no cluster is called 'nobody'. List them: cloudguard discover memory"),
        ("broken", 1, "internal error: RuntimeError: bad\\x1b[31m wire. Please report it"),
        ("interrupted", 130, "interrupted"),
        ("terminated", 143, "terminated"),
    ],
)
def test_a_failure_prints_one_line_and_has_its_own_status(
    capsys: pytest.CaptureFixture[str], cluster: str, status: int, line: str
) -> None:
    got, out, err = ran(capsys, "check", "memory", "--cluster", cluster)
    assert (got, out) == (status, "")
    assert err.startswith(f"cloudguard: {line}")
    assert err.count("\n") == 1


def test_the_traceback_of_an_internal_error_is_shown_on_request(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    argv = ("check", "memory", "--cluster", "broken")
    assert run([*argv, "-v"]) == 1
    assert "Traceback" in capsys.readouterr().err
    monkeypatch.setenv("CLOUDGUARD_DEBUG", "1")
    assert run(argv) == 1
    assert "Traceback" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("argv", "part"),
    [
        (("chek",), "No such command 'chek'"),
        (("check", "--nonsense"), "No such option: --nonsense"),
        (("check",), "name a provider"),
        (("check", "elsewhere", "--project", "x"), "there is no provider 'elsewhere'"),
        (("check", "--cluster", "prod", "elsewhere"), "No such command 'elsewhere'"),
        (("check", "memory", "--regoin", "x"), "No such option: --regoin (Possible options: --region, --row)"),
        (("check", "memory", "elsewhere"), "unexpected extra argument"),
        (("collect",), f"name a provider ({PROVIDERS})\n"),
        (("discover", "-f", "json"), "name a provider"),
        (("permissions",), "name a provider"),
        (("completion", "tcsh"), "name a shell: bash, zsh, fish"),
        (
            ("check", "memory", "--admin-cidr", "10.0.0.1/8"),
            "--admin-cidr: '10.0.0.1/8' is not a CIDR: it has host bits",
        ),
        (("check", "memory", "--admin-cidr", "x\x1b[2J"), "x\\x1b[2J"),
        (("check", "memory", "--service", "tcp/99999"), "--service: '99999'"),
        (("check", "memory", "--service", "tcp/443=x"), "--service: 'x'"),
        (("check", "memory", "--fail-on", "bad"), "--fail-on: "),
        (("check", "memory", "--row", "etcd"), "--row: 'etcd' is not one of api-server-access, "),
        (("check", "memory", "--min-severity", "never"), "--min-severity: 'never' is not one of critical, "),
        (("check", "memory", "--color", "red"), "--color: "),
        (("check", "memory", "--host", "i-1"), "--host: 'i-1' is not ID=ROLE"),
        (("check", "memory", "--host", "i-1=king"), "--host: "),
        (("check", "memory", "--node-tag", "role"), "--node-tag: 'role' is not a tag"),
        (("check", "memory", "-f", "yaml"), f"--format: 'yaml' is not one of {', '.join(FORMATS)}"),
        (("check", "memory", "-f", "table", "-f", "json"), "two formats for stdout"),
        (("check", "memory", "-f", "table=x", "-f", "json=x"), "two formats for x"),
        (("check", "memory", "-f", "table=x", "-o", "y"), "--output is only for a single format"),
        (("check", "memory", "-o", "no/such/folder/x"), "cannot write no/such/folder/x: there is no folder"),
        (("check", "memory", "-o", "."), "cannot write .: it is a folder"),
        (("check", "memory", "--config", "cloudguard.toml"), "cannot read cloudguard.toml: No such file"),
        (("check", "memory", "--config", "none.toml"), "cannot read none.toml: No such file"),
        (("check", "--snapshot", "none.json"), "cannot read the snapshot none.json: No such file"),
        (("check", "--snapshot", "."), "cannot read the snapshot .: Is a directory"),
        (("explain", "etcd"), "there is no row or check 'etcd'"),
        (("explain", "0123456789ab", "memory", "--region", "here"), "has no finding '0123456789ab'"),
    ],
    ids=str,
)
def test_a_wrong_command_line_is_refused_in_one_line(
    capsys: pytest.CaptureFixture[str], argv: tuple[str, ...], part: str
) -> None:
    assert part in refusal(capsys, *argv)


def test_a_snapshot_of_another_cluster_is_refused(capsys: pytest.CaptureFixture[str], snapshot: str) -> None:
    assert "does not match the snapshot, which has 'prod'" in refusal(
        capsys, "check", "--snapshot", snapshot, "--cluster", "test"
    )
    other = Path(snapshot).read_text(encoding="utf-8").replace('"provider": "memory"', '"provider": "other"')
    Path("other.json").write_text(other, encoding="utf-8")
    assert "does not match the snapshot, which has 'other'" in refusal(
        capsys, "check", "memory", "--snapshot", "other.json"
    )
    assert ran(capsys, "check", "memory", "--snapshot", snapshot, "--cluster", "prod")[0] == 3


def test_a_flag_without_effect_on_a_snapshot_is_named(capsys: pytest.CaptureFixture[str], snapshot: str) -> None:
    _, _, err = ran(capsys, "check", "--snapshot", snapshot, "--host", "i-1=etcd")
    assert "--host has no effect on a snapshot" in err


def test_collect_lists_its_gaps(capsys: pytest.CaptureFixture[str]) -> None:
    status, out, err = ran(capsys, "collect", "memory", "--cluster", "gappy")
    assert status == 4
    assert snapshot_file.load(out, "stdout").gaps == (sample.GAP,)
    assert "not read: memory:ReadFilters on f-nodes: denied: access denied; grant memory:read" in err


def test_discover_lists_clusters(capsys: pytest.CaptureFixture[str]) -> None:
    status, out, _ = ran(capsys, "discover", "memory")
    assert status == 0
    assert "prod" in out
    assert "1 control-plane, 2 node" in out
    assert "1e5" in out
    _, out, _ = ran(capsys, "discover", "memory", "-f", "json")
    assert json.loads(out)[0] == {
        "name": "prod",
        "installer": "kubeadm",
        "region": "here",
        "hosts": {"control-plane": 1, "node": 2},
    }
    assert "no cluster found" in ran(capsys, "discover", "memory", "--region", "nowhere")[2]


def test_permissions_are_printed(capsys: pytest.CaptureFixture[str]) -> None:
    assert ran(capsys, "permissions", "memory") == (0, '{"allow": ["memory:Read"]}\n', "")


def test_explain_shows_rows_checks_and_findings(capsys: pytest.CaptureFixture[str], snapshot: str) -> None:
    assert "etcd-access/internet" in ran(capsys, "explain")[1]
    _, out, _ = ran(capsys, "explain", "etcd-access")
    assert out.startswith("etcd-access: Access to etcd\n\nWho can open a connection to etcd's ports?")
    assert "cloudguard explain etcd-access" in ran(capsys, "explain", "etcd-access/inside")[1]
    _, out, _ = ran(capsys, "check", "--snapshot", snapshot, "-f", "json")
    found = next(
        finding
        for row in json.loads(out)["rows"]
        for finding in row["findings"]
        if finding["check"].endswith("internet")
    )
    status, out, _ = ran(capsys, "explain", found["id"], "--snapshot", snapshot)
    assert status == 0
    assert out == ran(capsys, "explain", str(found["number"]), "--snapshot", snapshot)[1]
    for part in (
        found["message"],
        *found["witness"]["path"],
        "Evidence",
        "rule r-api",
        "read by memory:Read",
        "1. rule.",
    ):
        assert part in out
    assert ran(capsys, "explain", found["id"], "memory", "--cluster", "prod")[1] == out

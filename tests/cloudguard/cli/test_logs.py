"""The log: where it goes, its format, and that it contains no secrets and escapes hostile names."""

from __future__ import annotations

import json
import logging
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

import sample
from cloudguard.cli.logs.log import LOG, SDK, LogSettings, begin, log_of_run
from cloudguard.cli.logs.redaction import HIDDEN, MOST_LETTERS, redacted
from command import install, ran

CHECK = ("check", "memory", "--cluster", "prod", "-f", "json")


@pytest.fixture(autouse=True)
def memory(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Install the provider "memory"."""
    install(monkeypatch, tmp_path)


def _lines(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


def test_without_a_flag_messages_are_plain_lines_and_nothing_is_logged(capsys: pytest.CaptureFixture[str]) -> None:
    assert ran(capsys, *CHECK)[2].startswith("prod: ")
    assert LOG.get().calls == ()


def test_calls_are_logged_as_json_if_stderr_is_no_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    *calls, last = ran(capsys, *CHECK, "-v")[2].splitlines()
    (call,) = _lines("\n".join(calls))
    assert (call["event"], call["call"], call["level"]) == ("call", "memory:Read", "info")
    assert datetime.fromisoformat(call["timestamp"]).tzinfo is not None
    assert last.startswith("prod: ")


def test_calls_are_logged_as_text_on_request(capsys: pytest.CaptureFixture[str]) -> None:
    first = ran(capsys, *CHECK, "-v", "--log-format", "text")[2].splitlines()[0]
    assert first.endswith(" info: call call=memory:Read")


def test_with_the_log_format_json_every_line_on_stderr_is_json(capsys: pytest.CaptureFixture[str]) -> None:
    status, out, err = ran(capsys, *CHECK, "--log-format", "json")
    assert status == 3
    assert json.loads(out)["schema"] == "cloudguard/report/v1"
    assert [line["level"] for line in _lines(err)] == ["info"]
    status, _, err = ran(capsys, "check", "memory", "--cluster", "broken", "--log-format", "json")
    (line,) = _lines(err)
    assert (status, line["level"]) == (1, "error")
    assert "internal error: RuntimeError: bad\\x1b[31m wire" in line["event"]


def test_the_log_file_gets_calls_and_messages_of_every_run(capsys: pytest.CaptureFixture[str]) -> None:
    for _ in range(2):
        assert ran(capsys, *CHECK, "-q", "--log-file", "run.log")[2] == ""
    ran(capsys, "check", "memory", "--cluster", "locked", "--log-file", "run.log")
    events = [line["event"] for line in _lines(Path("run.log").read_text())]
    assert events == ["call", "call", "call", "cloudguard: no credentials. Log in"]


def test_a_log_file_that_can_not_be_written_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    status, _, err = ran(capsys, *CHECK, "--log-file", "nowhere/run.log")
    assert (status, err) == (2, "cloudguard: cannot write the log nowhere/run.log: No such file or directory\n")


def test_sdk_messages_are_logged_without_the_contents_of_requests_and_answers(tmp_path: Path) -> None:
    file = tmp_path / "sdk.log"
    levels = {name: logging.getLogger(name).level for name in ("urllib3", "botocore.endpoint")}
    with log_of_run():
        begin(LogSettings(SDK, file=str(file)))
        logging.getLogger("urllib3.connectionpool").debug('%s "GET /%s" 200', "https://joe:pass1@host", "x")
        logging.getLogger("botocore.endpoint").debug("body: the user data")
        logging.getLogger("botocore.parsers").debug("Response body: the user data")
    logging.getLogger("urllib3.connectionpool").debug("after the run")
    (line,) = _lines(file.read_text())
    assert line["logger"] == "urllib3.connectionpool"
    assert line["event"] == f'https://{HIDDEN}@host "GET /x" 200'
    assert {name: logging.getLogger(name).level for name in levels} == levels


SECRETS = (
    ("https://joe:hunter22@proxy.test:3128/", "hunter22"),
    ("Authorization: Bearer abcdefghijklmnop", "abcdefghijklmnop"),
    ("'Authorization': 'AWS4-HMAC-SHA256 Credential=x/y, Signature=0123abcd'", "0123abcd"),
    ("X-Amz-Security-Token=FwoGZXIvYXdzEXAMPLE&Action=Describe", "FwoGZXIvYXdzEXAMPLE"),
    ("<SecretAccessKey>wJalrXUtnFEMI</SecretAccessKey>", "wJalrXUtnFEMI"),
    ('{"client_secret": "s3cr3t-value"}', "s3cr3t-value"),
    ("password = hunter22", "hunter22"),
    ("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl", "eyJzdWIiOiIxIn0"),
    ("key AKIAIOSFODNN7EXAMPLE used", "AKIAIOSFODNN7EXAMPLE"),
    ("ya29.a0AfH6SMBxyz", "a0AfH6SMBxyz"),
    ("-----BEGIN RSA PRIVATE KEY-----\nMIIEow\n-----END RSA PRIVATE KEY-----", "MIIEow"),
)


@pytest.mark.parametrize(("text", "secret"), SECRETS)
def test_secrets_are_hidden(text: str, secret: str) -> None:
    shown = str(redacted({"event": f"before {text} after", "more": [text]}))
    assert secret not in shown
    assert HIDDEN in shown
    assert "before" in shown


def test_a_field_with_a_secret_s_name_is_hidden() -> None:
    assert redacted({"session_token": "abc", "call": "ec2:DescribeVpcs"}) == {
        "session_token": HIDDEN,
        "call": "ec2:DescribeVpcs",
    }


def test_text_without_secrets_is_unchanged() -> None:
    text = "secretsmanager:ListSecrets on arn:aws:iam::123456789012:role/token-reader in eu-west-1 took 0.2 s"
    assert redacted(text) == text


@pytest.mark.parametrize("form", ["text", "json"])
def test_a_hostile_name_is_logged_on_one_line_and_escaped(tmp_path: Path, form: str) -> None:
    file = tmp_path / "log"
    with log_of_run():
        begin(LogSettings(format=form, file=str(file), quiet=True))
        LOG.get().call(f"{sample.HOSTILE}\r\n\0{'x' * 10_000}")
    (line,) = file.read_text(encoding="utf-8").splitlines()
    assert line.isprintable()
    assert sample.HOSTILE not in line
    assert len(line) < MOST_LETTERS + 200

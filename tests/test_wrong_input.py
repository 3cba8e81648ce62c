"""Empty accounts and wrong input: the command line prints one clear line, ends with the right status, no traceback."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from moto_fixtures.aws.builder import WORLD, Account
from moto_fixtures.aws.installers import OWNED, kops
from moto_fixtures.aws.scenes import clean
from process import Ran, cloudguard
from refused_calls import refusal

CHECK = ("check", "aws", "--cluster", "prod", "--region", "eu-west-1")
USAGE, FINDINGS, INCOMPLETE, BOTH = 2, 3, 4, 5


def one_line(ran: Ran) -> str:
    """Return the only line that a failed command prints, on stderr."""
    assert ran.out == ""
    lines = ran.err.splitlines()
    assert len(lines) == 1, ran.err
    assert lines[0].startswith("cloudguard: ")
    assert "Traceback" not in lines[0]
    assert "internal error" not in lines[0]
    return lines[0]


def test_an_empty_account_gives_a_usage_error_with_the_cluster_s_name(endpoint: str) -> None:
    assert endpoint
    ran = cloudguard(*CHECK)
    assert ran.status == USAGE
    assert "prod" in one_line(ran)


def test_an_empty_account_without_a_cluster_flag_gives_a_usage_error(endpoint: str) -> None:
    assert endpoint
    ran = cloudguard("check", "aws", "--region", "eu-west-1")
    assert ran.status == USAGE
    assert "cluster" in one_line(ran)


def test_an_unknown_cluster_name_lists_the_clusters_that_exist(account: Account) -> None:
    clean.build(account)
    ran = cloudguard("check", "aws", "--cluster", "prdo", "--region", "eu-west-1")
    assert ran.status == USAGE
    line = one_line(ran)
    assert "prdo" in line
    assert "prod" in line


def test_two_clusters_with_one_name_are_a_usage_error(account: Account) -> None:
    for number in "12":
        vpc = account.vpc(f"10.{number}.0.0/16")
        subnet, group = account.subnet(vpc), account.group(vpc, "nodes")
        role = account.role(f"eks-{number}", service="eks")
        if number == "1":
            account.eks("prod", [subnet], role)
        account.host("node", subnet, [group], kops.node)
    ran = cloudguard(*CHECK)
    assert ran.status == USAGE
    assert "prod" in one_line(ran)


def test_a_cluster_without_hosts_never_passes(account: Account) -> None:
    vpc = account.vpc()
    group = account.group(vpc, "nodes.prod", OWNED)
    group.allow("tcp/22", WORLD)
    account.subnet(vpc, tags=OWNED)
    ran = cloudguard(*CHECK, "-f", "json")
    assert ran.status in {USAGE, INCOMPLETE}
    assert "Traceback" not in ran.err
    if ran.status == INCOMPLETE:
        assert {row["verdict"] for row in json.loads(ran.out)["rows"]} == {"UNKNOWN"}


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (("--admin-cidr", "10.0.0.0/33"), "10.0.0.0/33"),
        (("--admin-cidr", "office"), "office"),
        (("--admin-cidr", "10.0.0.1/8"), "10.0.0.1/8"),
        (("--service", "tcp/99999"), "tcp/99999"),
        (("--node-ports", "70000-80000"), "70000-80000"),
        (("--node-tag", "role"), "role"),
        (("--host", "i-1=boss"), "boss"),
        (("--fail-on", "some"), "some"),
        (("-f", "docx"), "docx"),
        (("--config", "no-such-file.toml"), "no-such-file.toml"),
    ],
)
def test_a_wrong_argument_is_named_before_any_call(words: tuple[str, ...], text: str) -> None:
    ran = cloudguard(*CHECK, *words)
    assert ran.status == USAGE
    assert text in ran.err
    assert "Traceback" not in ran.err


@pytest.mark.parametrize("region", ["eu-west-99", "Ireland", "eu west 1", "eu-west-1/../x"])
def test_a_wrong_region_is_a_usage_error(endpoint: str, region: str) -> None:
    assert endpoint
    ran = cloudguard("check", "aws", "--cluster", "prod", "--region", region)
    assert ran.status == USAGE
    assert region in one_line(ran)


def test_a_missing_region_is_reported(endpoint: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert endpoint
    monkeypatch.delenv("AWS_DEFAULT_REGION")
    ran = cloudguard("check", "aws", "--cluster", "prod")
    assert ran.status in {USAGE, INCOMPLETE}
    assert "region" in one_line(ran)


def test_missing_credentials_are_reported(endpoint: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert endpoint
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    ran = cloudguard(*CHECK)
    assert ran.status == INCOMPLETE
    assert "credentials" in one_line(ran)


def test_an_unknown_profile_is_reported(endpoint: str) -> None:
    assert endpoint
    ran = cloudguard(*CHECK, "--profile", "nobody")
    assert ran.status in {USAGE, INCOMPLETE}
    assert "nobody" in one_line(ran)


def test_an_endpoint_that_does_not_answer_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{port}")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    ran = cloudguard(*CHECK)
    assert ran.status == INCOMPLETE
    assert str(port) in one_line(ran)


class Expired(BaseHTTPRequestHandler):
    """A server that refuses every call as AWS does when the session's token has expired."""

    def do_POST(self) -> None:
        """Refuse the call."""
        service = self.headers["Authorization"].split("/")[3]
        code = {"ec2": "RequestExpired", "kms": "ExpiredTokenException", "eks": "ExpiredTokenException"}
        message = "The security token included in the request is expired"
        headers, body = refusal(service, code.get(service, "ExpiredToken"), message)
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.send_response(403)
        for name, value in (headers | {"Content-Length": str(len(body))}).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_POST  # noqa: N815 - the base class looks for this name

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's word
        """Say nothing."""


@pytest.fixture
def expired_endpoint(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Expired)
    Thread(target=server.serve_forever, daemon=True).start()
    address = f"http://127.0.0.1:{server.server_port}"
    monkeypatch.setenv("AWS_ENDPOINT_URL", address)
    yield address
    server.shutdown()
    server.server_close()


def test_an_expired_token_is_reported(expired_endpoint: str) -> None:
    assert expired_endpoint
    ran = cloudguard(*CHECK)
    assert ran.status == INCOMPLETE
    assert "expired" in one_line(ran)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"null",
        b"[]",
        b"\x80\xff\x00",
        b'{"schema": "cloudguard/snapshot/v99"}',
        b'{"schema": 7}',
        b"[" * 9999,
    ],
    ids=["empty", "truncated", "null", "list", "binary", "version", "type", "deep"],
)
def test_a_file_that_is_no_snapshot_is_reported(content: bytes, tmp_path: Path) -> None:
    file = tmp_path / "prod.json"
    file.write_bytes(content)
    ran = cloudguard("check", "--snapshot", str(file))
    assert ran.status == USAGE
    assert "prod.json" in one_line(ran)


def test_a_hundred_megabytes_without_a_snapshot_are_reported(tmp_path: Path) -> None:
    file = tmp_path / "prod.json"
    with file.open("wb") as out:
        for _ in range(100):
            out.write(b'{"a": [1, 2, 3]},\n' * (2**20 // 18))
    ran = cloudguard("check", "--snapshot", str(file))
    assert ran.status == USAGE
    assert len(one_line(ran)) < 1000


def test_a_missing_snapshot_file_is_reported(tmp_path: Path) -> None:
    ran = cloudguard("check", "--snapshot", str(tmp_path / "none.json"))
    assert ran.status == USAGE
    assert "none.json" in one_line(ran)

"""Hostile resource names cannot break a terminal, a page or the run of the real command line."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any, cast
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import boto3
import pytest

from cloudguard.needs.settings import FORMATS
from moto_fixtures.aws.builder import WORLD, Account
from moto_fixtures.aws.installers import kops
from moto_fixtures.aws.scenes import clean, kops_ha
from process import cloudguard

CHECK = ("check", "aws", "--cluster", "prod", "--region", "eu-west-1")
FINDINGS, INCOMPLETE = 3, 4


HOSTILE = ("\x9b31mred", "caf\u00e9 \u202eevil", "a\nb\tc", "\u2066\ue000")
"""Names with characters that XML can contain and a terminal must not receive. JSON can contain ESC too."""


def assert_harmless(*texts: str) -> None:
    for text in texts:
        assert not {char for char in text if unicodedata.category(char) in {"Cc", "Cf"}} - {"\n"}


def test_control_characters_in_host_names_are_escaped_in_every_format(account: Account, tmp_path: Path) -> None:
    cluster = kops_ha.build(account)
    for number, name in enumerate(HOSTILE):
        group = account.group(cluster.vpc, f"open-{number}")
        group.allow("tcp/22", WORLD)
        account.host(name, cluster.utility, [cluster.nodes, group], kops.node, public=True)
    files = {name: tmp_path / name for name in sorted({*FORMATS} - {"json", "pdf"})}
    ran = cloudguard(*CHECK, *(word for name, file in files.items() for word in ("-f", f"{name}={file}")))
    assert ran.status == FINDINGS
    assert_harmless(ran.out, ran.err)
    for name, file in files.items():
        text = file.read_bytes().decode().replace("\r\n", "\n")
        assert "caf\u00e9" in text or name == "openmetrics", f"{name}: only openmetrics has no names of hosts"
        assert_harmless(text)


def test_control_characters_in_a_snapshot_s_names_are_escaped(account: Account, tmp_path: Path) -> None:
    kops_ha.build(account)
    file = tmp_path / "prod.json"
    cloudguard("collect", *CHECK[1:], "-o", str(file))
    text = file.read_text(encoding="utf-8")
    file.write_text(text.replace("api-prod", "\\u001b[2J\\u001b]0;mine\\u0007"), encoding="utf-8")
    ran = cloudguard("check", "--snapshot", str(file))
    assert ran.status == FINDINGS
    assert "[2J" in ran.out
    assert_harmless(ran.out, ran.err)


@pytest.fixture
def broken_text(endpoint: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Put a relay before the server that replaces one name by bytes that are not UTF-8."""

    class Relay(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            headers = {name: value for name, value in self.headers.items() if name not in {"Host", "Content-Length"}}
            request = Request(endpoint + self.path, body, headers, method=self.command)  # noqa: S310 - loopback
            try:
                answer = urlopen(request)  # noqa: S310 - loopback
            except HTTPError as error:
                answer = error
            content = answer.read().replace(b"prod-md-0-a", b"\xff\xfe\x80")
            self.send_response(answer.status or 500)
            self.send_header("Content-Type", answer.headers["Content-Type"])
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST  # noqa: N815 - the base class looks for this name

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's word
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Relay)
    Thread(target=server.serve_forever, daemon=True).start()
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{server.server_port}")
    yield
    server.shutdown()
    server.server_close()


@pytest.mark.usefixtures("broken_text")
def test_an_answer_that_is_not_utf_8_makes_the_report_incomplete(moto_server: str) -> None:
    account = Account(boto3.Session())
    account.clients["ec2"] = cast("Any", account.session).client("ec2", endpoint_url=moto_server)
    clean.build(account)
    ran = cloudguard(*CHECK)
    assert ran.status == INCOMPLETE
    assert "Traceback" not in ran.err
    assert "internal error" not in ran.err
    assert "DescribeInstances" in ran.err + ran.out


def test_an_instance_with_fifty_tags_is_read(account: Account) -> None:
    cluster = kops_ha.build(account)
    tags = {f"tag-{number:02}": "x" * 256 for number in range(49 - len(kops.node))} | kops.node
    account.host("many-tags", cluster.utility, [cluster.nodes], tags)
    ran = cloudguard(*CHECK, "-f", "json")
    assert ran.status == FINDINGS
    assert "many-tags" in {host["name"] for host in json.loads(ran.out)["cluster"]["hosts"]}

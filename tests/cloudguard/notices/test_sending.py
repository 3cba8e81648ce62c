"""Notices arrive as JSON and as mail; pings arrive at their paths; errors do not contain the URL."""

from __future__ import annotations

import json
from base64 import b64decode
from email import message_from_bytes, policy

import pytest

from cloudguard.errors import UsageError
from cloudguard.notices.message import Notice
from cloudguard.notices.sending import NoticeError, check_urls, ping, redacted, send
from listeners import http_server, mail_server

NOTICE = Notice("prod: 1 finding", "FAIL etcd-access\n\nü tcp/22 to node")
SECRET = "s3cr3t-t0ken"  # noqa: S105 - no password of anyone


def test_a_notice_arrives_as_json() -> None:
    with http_server() as heard:
        send(NOTICE, [f"json://{heard.address}/{SECRET}"])
    ((path, body),) = heard.requests
    document = json.loads(body)
    assert (path, document["title"], document["message"]) == (f"/{SECRET}", NOTICE.title, NOTICE.body)


def test_a_notice_arrives_as_mail() -> None:
    with mail_server() as heard:
        send(NOTICE, [f"mailto://{heard.address}?from=guard@example.com&to=oncall@example.com&mode=insecure"])
    (raw,) = heard.mails
    mail = message_from_bytes(raw, policy=policy.default)
    assert (mail["Subject"], mail["To"]) == (NOTICE.title, "oncall@example.com")
    body = mail.get_body(("html", "plain"))
    assert body is not None
    assert "ü tcp/22" in body.get_content()


def test_a_service_that_refuses_is_named_without_its_secret(capfd: pytest.CaptureFixture[str]) -> None:
    with http_server(500) as refusing, http_server() as taking, pytest.raises(NoticeError) as raised:
        send(NOTICE, [f"json://{refusing.address}/{SECRET}", f"json://{taking.address}/"])
    assert raised.value.message == "the notice was not sent to json://…"
    assert len(taking.requests) == 1
    assert SECRET not in f"{raised.value}{capfd.readouterr()}"


def test_a_url_of_an_unknown_service_is_refused_without_its_secret() -> None:
    with pytest.raises(UsageError) as raised:
        check_urls([f"nonsense://{SECRET}"])
    assert "nonsense://…" in str(raised.value)
    assert SECRET not in str(raised.value)


@pytest.mark.parametrize(
    ("path", "ending", "asked"),
    [
        (f"/{SECRET}", "", f"/{SECRET}"),
        (f"/{SECRET}", "start", f"/{SECRET}/start"),
        (f"/{SECRET}/", "fail", f"/{SECRET}/fail"),
        (f"/{SECRET}?key=1", "fail", f"/{SECRET}/fail?key=1"),
    ],
)
def test_a_ping_requests_its_path(path: str, ending: str, asked: str) -> None:
    with http_server() as heard:
        ping(f"http://{heard.address}{path}", ending)
    assert heard.paths == [asked]


@pytest.mark.parametrize(
    ("credentials", "sent"),
    [("", ""), ("guard:s3cr3t@", "guard:s3cr3t"), ("guard@", "guard:"), ("g%40x:p%3A%C3%BC%40@", "g@x:p:ü@")],
)
def test_a_user_and_a_password_are_sent_in_a_header(credentials: str, sent: str) -> None:
    with http_server() as heard:
        ping(f"http://{credentials}{heard.address}/ping", "start")
    (header,) = heard.authorizations
    assert (heard.paths, b64decode(header.removeprefix("Basic ")).decode()) == (["/ping/start"], sent)


@pytest.mark.parametrize("host", ["127.0.0.1:1", "[::1", "127.0.0.1:port"])
def test_a_failed_ping_with_a_password_does_not_show_it(host: str) -> None:
    with pytest.raises(NoticeError, match=r"^the ping to http://… got no answer: ") as raised:
        ping(f"http://guard:{SECRET}@{host}/")
    assert SECRET not in str(raised.value)


def test_a_failed_ping_is_an_error_without_the_url() -> None:
    with http_server(404) as heard, pytest.raises(NoticeError, match="status 404") as raised:
        ping(f"http://{heard.address}/{SECRET}")
    assert SECRET not in str(raised.value)
    with pytest.raises(NoticeError) as raised:
        ping(f"http://127.0.0.1:1/{SECRET}")
    assert str(raised.value) == "the ping to http://… got no answer: ConnectionRefusedError. Check the URL of --ping"


def test_a_url_is_shown_as_its_scheme_only() -> None:
    assert redacted(f"slack://{SECRET}/x") == "slack://…"

"""Servers on loopback that record what they receive: one for HTTP, one for mail."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

from aiosmtpd.controller import Controller


@dataclass
class Heard:
    """The record of a server. ``address``: of the server. ``requests``: (path, body). ``mails``: texts.

    ``authorizations``: the header ``Authorization`` of each request, "" for none.
    """

    address: str
    requests: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])
    authorizations: list[str] = field(default_factory=list[str])
    mails: list[bytes] = field(default_factory=list[bytes])

    @property
    def paths(self) -> list[str]:
        """The paths of the requests."""
        return [path for path, _ in self.requests]


@contextmanager
def http_server(status: int = 200) -> Generator[Heard]:
    """Run a server that answers every request with ``status``."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._answer()

        def do_POST(self) -> None:
            self._answer()

        def _answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
            heard.requests.append((self.path, body))
            heard.authorizations.append(self.headers.get("Authorization", ""))
            self.send_response(status)
            self.end_headers()

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002, ANN401 - the library's names
            """Write no log."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    heard = Heard(f"127.0.0.1:{server.server_port}")
    thread = Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield heard
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@contextmanager
def mail_server() -> Generator[Heard]:
    """Run a server that accepts every mail."""

    class Handler:
        async def handle_DATA(self, server: object, session: object, envelope: Any) -> str:  # noqa: N802, ANN401 - as above
            del server, session
            heard.mails.append(bytes(envelope.content))
            return "250 OK"

    with http_server() as free:  # a port that is free now
        port = int(free.address.partition(":")[2])
    heard = Heard(f"127.0.0.1:{port}")
    controller: Any = Controller(Handler(), hostname="127.0.0.1", port=port)
    controller.start()
    try:
        yield heard
    finally:
        controller.stop()

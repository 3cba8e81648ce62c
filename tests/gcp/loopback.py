"""The cloud over plain HTTP on this machine: for SDKs that are told another endpoint."""

from __future__ import annotations

import threading
from collections.abc import Generator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from gcp.server import Google, Request


class Handler(BaseHTTPRequestHandler):
    """Hands each call to the cloud, as a call to ``host``. A subclass says which cloud."""

    protocol_version = "HTTP/1.1"
    google: Google
    host = ""

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's name
        """Say nothing: the cloud has its own log."""

    def _serve(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        token = (self.headers.get("Authorization") or "").removeprefix("Bearer ")
        answer = self.google.answer(Request(self.host, self.command, self.path, body, token))
        self.send_response(answer.status)
        self.send_header("Content-Type", "application/json; charset=UTF-8")
        self.send_header("Content-Length", str(len(answer.body)))
        self.end_headers()
        self.wfile.write(answer.body[: len(answer.body) // 2] if answer.is_cut else answer.body)
        self.wfile.flush()
        self.close_connection = answer.is_cut or self.close_connection

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _serve  # noqa: N815 - the library's names


@contextmanager
def running(handler: type[Handler]) -> Generator[str]:
    """Run a server in a thread of its own for the length of a block; yield its address: "127.0.0.1:40001"."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads, server.block_on_close = True, False
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield f"127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@contextmanager
def serving(google: Google) -> Generator[str]:
    """Serve the cloud and yield its address: "http://127.0.0.1:40001"."""
    with running(type("_Served", (Handler,), {"google": google})) as address:
        yield f"http://{address}"

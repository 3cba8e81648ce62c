"""The cloud behind a proxy on this machine that ends TLS: an unmodified program meets it under Google's own names."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from gcp.authority import Authority
from gcp.credentials import account_file, environment
from gcp.loopback import Handler, running
from gcp.server import Google


@dataclass(frozen=True, slots=True)
class Proxy:
    """Where it listens ("127.0.0.1:40001"), whose certificates it shows, and which hosts it would not serve."""

    address: str
    authority: Path
    strangers: list[str]
    folder: Path

    def environment(self, file: Path | None = None) -> dict[str, str]:
        """Return what to set for a program with the credentials in ``file`` (default: a service account's key)."""
        return environment(self.folder, file or account_file(self.folder), self.address, self.authority)


class _Handler(Handler):
    authority: Authority
    strangers: list[str]

    def do_CONNECT(self) -> None:  # noqa: N802 - the library's name
        """Begin TLS as the host that is asked for, if it is Google's; the calls follow on the same connection."""
        host = self.path.partition(":")[0]
        if not host.endswith(".googleapis.com"):
            self.strangers.append(host)
            self.send_error(502, f"{host} is no host of the test bed")
            return
        self.send_response(200, "Connection established")
        self.end_headers()
        self.connection = self.authority.context(host).wrap_socket(self.connection, server_side=True)
        self.host = host
        self.rfile, self.wfile = self.connection.makefile("rb"), self.connection.makefile("wb")
        self.close_connection = False


@contextmanager
def behind(google: Google, folder: Path) -> Generator[Proxy]:
    """Serve the cloud to programs that run with the proxy's environment; ``folder`` gets its certificates and keys."""
    authority, strangers = Authority(folder), list[str]()
    held = {"google": google, "authority": authority, "strangers": strangers}
    with running(type("_Proxied", (_Handler,), held)) as address:
        yield Proxy(address, authority.file, strangers, folder)

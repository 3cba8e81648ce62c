"""A loopback proxy by which the unmodified program calls a made-up cloud. It ends TLS with a temporary authority."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import cast

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

_DAY = timedelta(days=1)


class Authority:
    """The certificate authority of one test run. ``file`` holds its certificate."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "made-up authority")])
        self._certificate = self._signed(name, name, self._key.public_key(), authority=True)
        self.file = folder / "authority.pem"
        self.file.write_bytes(self._certificate.public_bytes(serialization.Encoding.PEM))
        self._contexts: dict[str, ssl.SSLContext] = {}
        self._lock = threading.Lock()

    def _signed(
        self, subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey, *, authority: bool
    ) -> x509.Certificate:
        now = datetime.now(UTC)
        host = subject.get_attributes_for_oid(NameOID.COMMON_NAME)[0].value
        certificate_builder = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(issuer)
            .public_key(key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - _DAY)
            .not_valid_after(now + _DAY)
            .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key()), critical=False)
        )
        if not authority:
            certificate_builder = certificate_builder.add_extension(
                x509.SubjectAlternativeName([x509.DNSName(str(host))]), critical=False
            )
        return certificate_builder.sign(self._key, hashes.SHA256())

    def context(self, host: str) -> ssl.SSLContext:
        """Return a TLS context with a certificate for ``host``."""
        with self._lock:
            if host not in self._contexts:
                key = ec.generate_private_key(ec.SECP256R1())
                subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)])
                leaf = self._signed(subject, self._certificate.subject, key.public_key(), authority=False)
                file = self._folder / f"{host}.pem"
                private = key.private_bytes(
                    serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
                )
                file.write_bytes(private + leaf.public_bytes(serialization.Encoding.PEM))
                context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
                context.load_cert_chain(file)
                self._contexts[host] = context
            return self._contexts[host]


@dataclass(frozen=True, slots=True)
class Asked:
    """A request that a server receives. ``target``: path and query. ``headers``: names in lower case → values."""

    host: str
    verb: str
    target: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Answer:
    """A response. ``cut``: it is shorter than its Content-Length says."""

    status: int
    body: bytes
    headers: Mapping[str, str] = field(default_factory=lambda: {"Content-Type": "application/json"})
    cut: bool = False


@dataclass
class Proxy:
    """A proxy for the hosts of a cloud.

    ``environment``: variables for a program that uses the proxy. ``refused``: requested hosts that are not the cloud's.
    """

    environment: dict[str, str] = field(default_factory=dict[str, str], init=False)
    refused: list[str] = field(default_factory=list[str], init=False)

    def serves(self, host: str) -> bool:
        """Whether ``host`` is a host of the cloud."""
        raise NotImplementedError

    def answer(self, asked: Asked) -> Answer:
        """Return the cloud's answer."""
        raise NotImplementedError


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    authority: Authority
    proxy: Proxy


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # otherwise each body waits 40 ms for the TCP acknowledgement of its headers
    host = ""

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's name
        """Write no log."""

    def do_CONNECT(self) -> None:
        """Accept a connection to a host of the cloud and end its TLS. Refuse other hosts."""
        server, self.host = cast("_Server", self.server), self.path.partition(":")[0]
        if not server.proxy.serves(self.host):
            server.proxy.refused.append(self.host)
            self.send_error(502)
            return
        self.send_response(200, "Connection established")
        self.end_headers()
        self.connection = server.authority.context(self.host).wrap_socket(self.connection, server_side=True)
        self.rfile, self.wfile = self.connection.makefile("rb"), self.connection.makefile("wb", buffering=0)
        self.close_connection = False

    def _serve(self) -> None:
        server = cast("_Server", self.server)
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        headers = {name.lower(): value for name, value in self.headers.items()}
        answer = server.proxy.answer(Asked(self.host, self.command, self.path, headers, body))
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(answer.body) + answer.cut))
        self.end_headers()
        self.wfile.write(answer.body)
        self.close_connection = self.close_connection or answer.cut

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _serve  # noqa: N815 - the base class looks for these names


@contextmanager
def running(proxy: Proxy, folder: Path) -> Generator[Mapping[str, str]]:
    """Serve a cloud on loopback. Yield the environment variables that send a program's requests there."""
    authority = Authority(folder)
    server = _Server(("127.0.0.1", 0), _Handler)
    server.authority, server.proxy = authority, proxy
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    port = int(server.socket.getsockname()[1])
    try:
        yield {"HTTPS_PROXY": f"http://127.0.0.1:{port}", "REQUESTS_CA_BUNDLE": str(authority.file)}
    finally:
        server.shutdown()
        server.server_close()
        thread.join()

"""The unmodified program in front of a made-up project: a loopback proxy that ends TLS with a throw-away authority."""

from __future__ import annotations

import json
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
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID

from gcp_server import Google

_DAY = timedelta(days=1)
_TOKEN = json.dumps({"access_token": "made-up", "expires_in": 3600, "token_type": "Bearer"}).encode()


class Authority:
    """A certificate authority of one test run; ``file`` holds its certificate."""

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
        made = (
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
            made = made.add_extension(x509.SubjectAlternativeName([x509.DNSName(str(host))]), critical=False)
        return made.sign(self._key, hashes.SHA256())

    def context(self, host: str) -> ssl.SSLContext:
        """Return what serves TLS as ``host``."""
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


@dataclass
class Proxy:
    """What is served, the hosts that were asked for and are not, and the environment of a program behind the proxy."""

    google: Google
    environment: Mapping[str, str]
    refused: list[str] = field(default_factory=list[str])


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    authority: Authority
    proxy: Proxy


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    host = ""

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's name
        """Say nothing."""

    def do_CONNECT(self) -> None:
        """End TLS for a host of Google's; refuse any other."""
        server, self.host = cast("_Server", self.server), self.path.partition(":")[0]
        if not self.host.endswith(".googleapis.com"):
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
        status, answer = 200, _TOKEN
        if self.host == "iamcredentials.googleapis.com":
            answer = (
                b'{"accessToken":"made-up","expireTime":"2099-01-01T00:00:00Z"}'
                if self.command == "POST"
                else b'{"locations":[],"encodedLocations":"0x0"}'
            )
        elif self.host != "oauth2.googleapis.com":
            status, answer = server.proxy.google.answer(self.host, self.command, self.path, body)
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def do_GET(self) -> None:
        """Answer."""
        self._serve()

    def do_POST(self) -> None:
        """Answer."""
        self._serve()


def key_file(folder: Path, project: str) -> Path:
    """Write a service account's key that opens nothing."""
    private = rsa.generate_private_key(public_exponent=65537, key_size=2048).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    file = folder / "key.json"
    email = f"reader@{project}.iam.gserviceaccount.com"
    file.write_text(
        json.dumps(
            {
                "type": "service_account",
                "project_id": project,
                "private_key_id": "1",
                "private_key": private.decode(),
                "client_email": email,
                "client_id": "1",
                "token_uri": "https://oauth2.googleapis.com/token",
            }
        ),
        encoding="utf-8",
    )
    return file


@contextmanager
def behind(google: Google, folder: Path) -> Generator[Proxy]:
    """Serve the made-up project to programs that run with the proxy's environment."""
    authority = Authority(folder)
    server = _Server(("127.0.0.1", 0), _Handler)
    port = int(server.socket.getsockname()[1])
    environment = {
        "HTTPS_PROXY": f"http://127.0.0.1:{port}",
        "REQUESTS_CA_BUNDLE": str(authority.file),
        "GOOGLE_APPLICATION_CREDENTIALS": str(key_file(folder, google.project.name)),
        "NO_GCE_CHECK": "true",
        "CLOUDSDK_CONFIG": str(folder / "gcloud"),
    }
    server.authority, server.proxy = authority, Proxy(google, environment)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server.proxy
    finally:
        server.shutdown()
        server.server_close()
        thread.join()

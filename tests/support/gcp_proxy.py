"""A proxy with Google's APIs for a made-up project, and a service account's key, used by the unmodified program."""

from __future__ import annotations

import json
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from gcp_server import Google
from loopback_proxy import Answer, Asked, running
from loopback_proxy import Proxy as LoopbackProxy

_TOKEN = json.dumps({"access_token": "made-up", "expires_in": 3600, "token_type": "Bearer"}).encode()
_ACTED_AS = b'{"accessToken":"made-up","expireTime":"2099-01-01T00:00:00Z"}'


@dataclass
class Proxy(LoopbackProxy):
    """A proxy with the hosts of Google."""

    google: Google

    def serves(self, host: str) -> bool:
        """Whether ``host`` is a host of Google."""
        return host.endswith(".googleapis.com")

    def answer(self, asked: Asked) -> Answer:
        """Return a token, or the answer of the project's APIs."""
        if asked.host == "iamcredentials.googleapis.com":
            return Answer(200, _ACTED_AS if asked.verb == "POST" else b'{"locations":[],"encodedLocations":"0x0"}')
        if asked.host == "oauth2.googleapis.com":
            return Answer(200, _TOKEN)
        return Answer(*self.google.answer(asked.host, asked.verb, asked.target, asked.body))


def key_file(folder: Path, project: str) -> Path:
    """Write a made-up key of a service account, and return the file."""
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
    proxy = Proxy(google)
    with running(proxy, folder) as environment:
        proxy.environment |= {
            **environment,
            "GOOGLE_APPLICATION_CREDENTIALS": str(key_file(folder, google.project.name)),
            "NO_GCE_CHECK": "true",
            "CLOUDSDK_CONFIG": str(folder / "gcloud"),
        }
        yield proxy

"""Throw-away credentials, and the environment of a program that is to find them and nothing of this machine's."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

READER = "reader@acme-prod.iam.gserviceaccount.com"


@cache
def _private_key() -> str:
    made = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    form = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return made.private_bytes(*form).decode()


def account_file(folder: Path, email: str = READER) -> Path:
    """Write the key of a service account, as ``gcloud iam service-accounts keys create`` does."""
    told = {
        "type": "service_account",
        "project_id": email.partition("@")[2].partition(".")[0],
        "private_key_id": "made-up",
        "private_key": _private_key(),
        "client_email": email,
        "client_id": "1",
        "token_uri": "https://oauth2.googleapis.com/token",
    }
    return _written(folder / "account.json", told)


def user_file(folder: Path, project: str = "acme-prod") -> Path:
    """Write a user's credentials, as ``gcloud auth application-default login`` does."""
    told = {
        "type": "authorized_user",
        "client_id": "made-up.apps.googleusercontent.com",
        "client_secret": "made-up",
        "refresh_token": "made-up",
        "quota_project_id": project,
    }
    return _written(folder / "user.json", told)


def impersonating_file(folder: Path, target: str, source: Path) -> Path:
    """Write credentials that act as ``target`` by those in ``source``, as gcloud's login with impersonation does."""
    address = f"https://iamcredentials.googleapis.com/v1/projects/-/serviceAccounts/{target}:generateAccessToken"
    told: dict[str, object] = {
        "type": "impersonated_service_account",
        "service_account_impersonation_url": address,
        "delegates": list[str](),
        "source_credentials": json.loads(source.read_text(encoding="utf-8")),
    }
    return _written(folder / "impersonating.json", told)


def environment(folder: Path, file: Path | None, proxy: str = "", authority: Path | None = None) -> dict[str, str]:
    """Return what to set for a program that runs behind a proxy ("127.0.0.1:40001") with the credentials in a file."""
    return {
        "CLOUDSDK_CONFIG": str(folder / "gcloud"),
        "GOOGLE_APPLICATION_CREDENTIALS": str(file or folder / "none.json"),
        "GOOGLE_CLOUD_PROJECT": "",
        "NO_GCE_CHECK": "true",
        **({"HTTPS_PROXY": f"http://{proxy}", "NO_PROXY": ""} if proxy else {}),
        **({"REQUESTS_CA_BUNDLE": str(authority)} if authority else {}),
    }


def _written(file: Path, told: Mapping[str, object]) -> Path:
    file.write_text(json.dumps(told), encoding="utf-8")
    return file

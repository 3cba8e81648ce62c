"""The tokens of the test bed: each says whose it is, and no other token is taken."""

from __future__ import annotations

import base64
import binascii
import json
import re
from urllib.parse import parse_qs

from gcp.answers import Answer, ok
from gcp.discovery import Method
from gcp.fixture import Json

HOST = "oauth2.googleapis.com"
METHOD = "oauth2.token"
"""What the request log calls the token endpoint, which has no discovery document."""
USER = "user@example.com"
_MARK = "made-up-token-of:"
_NOWHERE = {"locations": list[str](), "encodedLocations": "0x0"}


def issue(body: bytes) -> Answer:
    """Answer the token endpoint: a service account's signed assertion, or a user's refresh token."""
    form = {key: values[-1] for key, values in parse_qs(body.decode()).items()}
    account = _issuer(form["assertion"]) if "assertion" in form else USER if "refresh_token" in form else ""
    if not account:
        told = {"error": "invalid_grant", "error_description": "neither an assertion nor a refresh token"}
        return Answer(400, json.dumps(told).encode())
    return ok({"access_token": f"{_MARK}{account}", "expires_in": 3600, "token_type": "Bearer"})


def of_account(method: Method, path: str) -> Json:
    """Answer for a service account: a token to act as it, or where its tokens may be used (anywhere)."""
    if method.action != "generateAccessToken":
        return _NOWHERE
    email = re.sub(r".*/|:generateAccessToken", "", path)
    return {"accessToken": f"{_MARK}{email}", "expireTime": "2099-01-01T00:00:00Z"}


def account_of(token: str) -> str:
    """Return whose token it is; "" for a stranger's. A service account may also sign one itself."""
    return token.removeprefix(_MARK) if token.startswith(_MARK) else _issuer(token)


def _issuer(signed: str) -> str:
    """Return who issued a JSON Web Token, "" if it is none; its signature is not looked at."""
    try:
        payload = signed.split(".")[1]
        found = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    except (IndexError, ValueError, binascii.Error):
        return ""
    return str(found.get("iss", ""))

"""The cloud in process: a session of google-auth that sends nothing over a network."""

from __future__ import annotations

from io import BytesIO
from typing import Any, cast
from urllib.parse import urlsplit

from google.auth import credentials as identities
from google.auth.transport import requests as transport
from requests import PreparedRequest, Response, Session
from requests.adapters import BaseAdapter
from requests.exceptions import ChunkedEncodingError

from gcp.server import Google, Request


class Adapter(BaseAdapter):
    """Answers every call from a cloud, whatever the host."""

    def __init__(self, google: Google) -> None:
        super().__init__()
        self._google = google

    def send(self, request: PreparedRequest, *args: Any, **rest: Any) -> Response:  # noqa: ANN401 - requests' interface
        """Return what the cloud answers; raises ChunkedEncodingError where it breaks off."""
        del args, rest
        parts = urlsplit(str(request.url))
        body = request.body.encode() if isinstance(request.body, str) else cast("bytes", request.body or b"")
        token = str(request.headers.get("Authorization", "")).removeprefix("Bearer ")
        target = f"{parts.path}?{parts.query}"
        answer = self._google.answer(Request(parts.netloc, str(request.method), target, body, token))
        if answer.is_cut:
            raise ChunkedEncodingError
        response = Response()
        response.status_code, response.url, response.request = answer.status, str(request.url), request
        response.headers["Content-Type"] = "application/json; charset=UTF-8"
        response.raw = BytesIO(answer.body)
        return response

    def close(self) -> None:
        """Nothing is open."""


def session(google: Google, credentials: Any = None) -> Any:  # noqa: ANN401 - google-auth has no annotations
    """Return an AuthorizedSession, with credentials (by default none) whose tokens come from the same cloud."""
    plain = Session()
    plain.mount("https://", Adapter(google))
    library, nobody = cast("Any", transport), cast("Any", identities).AnonymousCredentials()
    made = library.AuthorizedSession(credentials or nobody, auth_request=library.Request(plain))
    made.mount("https://", Adapter(google))
    return made

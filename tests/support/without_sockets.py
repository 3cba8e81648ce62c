"""Answer the requests of an SDK from a made-up cloud in the same process: without sockets, TLS and server threads."""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus
from io import BytesIO
from typing import Concatenate, ParamSpec, TypeAlias
from urllib.parse import urlsplit

from requests import PreparedRequest, Response
from requests.adapters import HTTPAdapter
from urllib3 import HTTPResponse

from loopback_proxy import Asked, Proxy

P = ParamSpec("P")
Send: TypeAlias = "Callable[Concatenate[HTTPAdapter, PreparedRequest, P], Response]"
"""The method ``send`` of the adapters of ``requests``, by which the SDKs of Google and Azure call their clouds."""


def answered(proxy: Proxy, send: Send[P]) -> Send[P]:
    """Return ``send`` with answers of ``proxy`` for the hosts that it serves."""

    def without_sockets(
        adapter: HTTPAdapter, request: PreparedRequest, /, *words: P.args, **named: P.kwargs
    ) -> Response:
        parts, body = urlsplit(request.url or ""), request.body or b""
        host = parts.hostname or ""
        if not proxy.serves(host):
            return send(adapter, request, *words, **named)
        assert isinstance(body, str | bytes)
        headers = {name.lower(): str(value) for name, value in request.headers.items()}
        target = parts._replace(scheme="", netloc="").geturl()
        answer = proxy.answer(
            Asked(host, request.method or "", target, headers, body.encode() if isinstance(body, str) else body)
        )
        raw = HTTPResponse(
            BytesIO(answer.body),
            {**answer.headers, "Content-Length": str(len(answer.body) + answer.cut)},
            answer.status,
            reason=HTTPStatus(answer.status).phrase,
            preload_content=False,
            request_method=request.method,
        )
        return adapter.build_response(request, raw)

    return without_sockets

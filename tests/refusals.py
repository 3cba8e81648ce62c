"""Refuses API calls the way the cloud does: a real 403 that the SDK parses, in front of moto."""

from __future__ import annotations

import json
from collections.abc import Iterator
from io import BytesIO
from typing import Any, cast

import boto3
from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders

Call = tuple[str, str]
"""The service as the SDK's events name it, and the operation: ("auto-scaling", "DescribeTags")."""
MESSAGE = "User: arn:aws:iam::123456789012:user/auditor is not authorized to perform this"


class Answer(BytesIO):
    """The body of an answer as the SDK reads it."""

    def stream(self, *_: object, **__: object) -> Iterator[bytes]:
        """Yield what is left."""
        while rest := self.read():
            yield rest


def refusal(service: str, code: str, message: str) -> tuple[dict[str, str], bytes]:
    """Headers and body of ``service``'s error, in its own protocol."""
    if service == "ec2":
        error = f"<Errors><Error><Code>{code}</Code><Message>{message}</Message></Error></Errors>"
        return {"Content-Type": "text/xml"}, f"<Response>{error}<RequestID>1</RequestID></Response>".encode()
    if service in {"kms", "eks"}:
        body = json.dumps({"__type": code, "message": message}).encode()
        return {"Content-Type": "application/x-amz-json-1.1", "x-amzn-ErrorType": code}, body
    error = f"<Error><Type>Sender</Type><Code>{code}</Code><Message>{message}</Message></Error>"
    return {"Content-Type": "text/xml"}, f"<ErrorResponse>{error}<RequestId>1</RequestId></ErrorResponse>".encode()


class Guard:
    """Stands between a session and moto: records every call, and refuses the one in ``denied``."""

    def __init__(self, session: boto3.Session) -> None:
        self.seen: dict[Call, None] = {}
        self.denied: Call | None = None
        events = cast("Any", session.events)
        events.register_first("before-send", self._before_send)

    def _before_send(self, event_name: str, request: Any, **_rest: object) -> AWSResponse | None:  # noqa: ANN401 - untyped
        service, operation = event_name.split(".")[1:]
        call = (service, operation)
        self.seen[call] = None
        if call != self.denied:
            return None
        code = {"ec2": "UnauthorizedOperation", "kms": "AccessDeniedException", "eks": "AccessDeniedException"}
        headers, body = refusal(service, code.get(service, "AccessDenied"), MESSAGE)
        return AWSResponse(request.url, 403, HTTPHeaders.from_dict(headers), cast("Any", Answer(body)))

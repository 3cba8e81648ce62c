"""Refuse API calls as the cloud does: with a real 403 that the SDK parses, before moto answers."""

from __future__ import annotations

import json
from collections.abc import Iterator
from io import BytesIO
from threading import Lock
from typing import Any, cast

import boto3
from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders

from cloudguard.model.source import FactKind
from cloudguard_aws.access.calls import Call as ApiCall

PLACES = {
    FactKind.HOSTS,
    FactKind.POOLS,
    FactKind.FILTERS,
    FactKind.MEMBERS,
    FactKind.ROUTES,
    FactKind.BALANCERS,
    FactKind.ENDPOINT,
}
RESTS_ON = {
    "api-server-access": PLACES,
    "node-access": PLACES,
    "cloud-api-access": {FactKind.HOSTS, FactKind.POOLS, FactKind.IDENTITIES, FactKind.ENDPOINT},
    "etcd-access": PLACES | {FactKind.ETCD_CLUSTERS},
    "etcd-encryption": {FactKind.HOSTS, FactKind.POOLS, FactKind.DISKS, FactKind.KEYS, FactKind.ENDPOINT},
}
PROVIDED = {"etcd-access": set[FactKind](), "etcd-encryption": {FactKind.ENDPOINT, FactKind.KEYS}}
"""Row → the kinds of facts that it needs if the provider runs etcd: only facts that the user can still set."""
Call = tuple[str, str]
"""The service's name in the SDK's events, and the operation: ("auto-scaling", "DescribeTags")."""
_JSON = ("kms", "eks", "organizations", "wafv2")
"""Services whose protocol is JSON, by their names in the SDK's events."""
CODES = {"ec2": "UnauthorizedOperation"} | dict.fromkeys(_JSON, "AccessDeniedException")
MESSAGE = "User: arn:aws:iam::123456789012:user/auditor is not authorized to perform this"


class Body(BytesIO):
    """The body of an answer, in the form that the SDK reads."""

    def stream(self, *_: object, **__: object) -> Iterator[bytes]:
        """Yield the rest of the body."""
        while rest := self.read():
            yield rest


def refusal(service: str, code: str, message: str) -> tuple[dict[str, str], bytes]:
    """Return the headers and the body of an error of ``service``, in its own protocol."""
    if service == "ec2":
        error = f"<Errors><Error><Code>{code}</Code><Message>{message}</Message></Error></Errors>"
        return {"Content-Type": "text/xml"}, f"<Response>{error}<RequestID>1</RequestID></Response>".encode()
    if service in _JSON:
        body = json.dumps({"__type": code, "message": message}).encode()
        return {"Content-Type": "application/x-amz-json-1.1", "x-amzn-ErrorType": code}, body
    error = f"<Error><Type>Sender</Type><Code>{code}</Code><Message>{message}</Message></Error>"
    return {"Content-Type": "text/xml"}, f"<ErrorResponse>{error}<RequestId>1</RequestId></ErrorResponse>".encode()


class Reusing(boto3.Session):
    """A session that creates each service's client once, because creating clients takes most time of a small check."""

    def __init__(self, region_name: str | None = None) -> None:
        super().__init__(region_name=region_name)
        self._made: dict[str, Any] = {}
        self._lock = Lock()

    def client(self, service_name: str, *words: Any, **named: Any) -> Any:  # noqa: ANN401
        """Return the service's client."""
        with self._lock:
            if service_name not in self._made:
                make: Any = getattr(super(), "client")  # noqa: B009 - the stubs know services only by literal
                self._made[service_name] = make(service_name, *words, **named)
            return self._made[service_name]


class Guard:
    """A hook between a session and moto. It records every call, and refuses the call in ``denied``."""

    def __init__(self, session: boto3.Session) -> None:
        self.seen: dict[Call, None] = {}
        self.denied: Call | None = None
        cast("Any", session.events).register_first("before-send", self._before_send)

    def _before_send(self, event_name: str, request: Any, **_rest: object) -> AWSResponse | None:  # noqa: ANN401 - untyped
        service, operation = event_name.split(".")[1:]
        self.seen[service, operation] = None
        if (service, operation) == self.denied:
            return response(request.url, 403, *refusal(service, CODES.get(service, "AccessDenied"), MESSAGE))
        return None  # moto's own handler is next

    def refuses(self, call: ApiCall) -> bool:
        """Whether ``call`` may be the refused call. Only operations are compared; two services may share a name."""
        return self.denied is not None and call.operation == self.denied[1]


def response(url: str, status: int, headers: dict[str, str], body: bytes) -> AWSResponse:
    """Return an answer in the form in which the SDK receives it."""
    return AWSResponse(url, status, HTTPHeaders.from_dict(headers), cast("Any", Body(body)))

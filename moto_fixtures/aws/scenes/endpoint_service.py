"""The API's balancer is offered to every AWS account by an endpoint service that accepts each connection by itself."""

from __future__ import annotations

from moto_fixtures.aws.builder import Account
from moto_fixtures.aws.scenes import clean

DECLARED = clean.DECLARED
VERDICTS = clean.VERDICTS | {"api-server-access": "UNKNOWN"}


def build(a: Account) -> None:
    """Make it."""
    cluster = clean.build(a)
    a.endpoint_service(cluster.api, "*")  # OK

"""An endpoint service offers the API's balancer to every AWS account and accepts each connection automatically."""

from __future__ import annotations

from moto_fixtures.aws.builder import Account
from moto_fixtures.aws.scenes import clean

DECLARED = clean.DECLARED
VERDICTS = clean.VERDICTS | {"api-server-access": "FAIL"}


def build(a: Account) -> None:
    """Build the account."""
    cluster = clean.build(a)
    a.endpoint_service(cluster.api, "*")  # NOT OK: api-server-access/inside

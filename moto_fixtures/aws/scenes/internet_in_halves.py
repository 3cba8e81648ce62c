"""The API is open to the two halves of the internet, although no rule names 0.0.0.0/0."""

from __future__ import annotations

from moto_fixtures.aws.builder import Account
from moto_fixtures.aws.scenes import clean

DECLARED = clean.DECLARED
VERDICTS = clean.VERDICTS | {"api-server-access": "FAIL"}


def build(a: Account) -> None:
    """Build the account."""
    cluster = clean.build(a)
    cluster.lb.allow("tcp/6443", "0.0.0.0/1")  # NOT OK: api-server-access/internet
    cluster.lb.allow("tcp/6443", "128.0.0.0/1")  # NOT OK: api-server-access/internet

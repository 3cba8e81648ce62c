"""Groups of machines that rules name: those with a network tag or a service account."""

from __future__ import annotations

import re
from typing import Final

_CONNECTORS: Final = re.compile(r"tag/vpc-connector(-.+)?")
"""The network tags of Serverless VPC Access connectors. No list of instances has the connectors' machines
(https://cloud.google.com/vpc/docs/configure-serverless-vpc-access).
"""


def by_tag(name: str) -> str:
    """Return the group of machines with a network tag."""
    return f"tag/{name}"


def by_account(email: str) -> str:
    """Return the group of machines that run as a service account."""
    return f"service-account/{email}"


def is_of_connectors(group: str) -> bool:
    """Whether the members of a group are machines of Serverless VPC Access connectors."""
    return _CONNECTORS.fullmatch(group) is not None

"""Builders for accounts: each line of a scene makes one resource, and the recorder remembers the line."""

from __future__ import annotations

from moto_fixtures.aws.builder.machines import Host, Role, statement
from moto_fixtures.aws.builder.network import WORLD, WORLD6, ForeignGroup, Group, PrefixList, Subnet, Vpc
from moto_fixtures.aws.builder.recorder import ACCOUNT, REGION, SourceLine, Tags
from moto_fixtures.aws.builder.services import AccountBuilder as Account
from moto_fixtures.aws.builder.services import Balancer, Eks

__all__ = [
    "ACCOUNT",
    "REGION",
    "WORLD",
    "WORLD6",
    "Account",
    "Balancer",
    "Eks",
    "ForeignGroup",
    "Group",
    "Host",
    "PrefixList",
    "Role",
    "SourceLine",
    "Subnet",
    "Tags",
    "Vpc",
    "statement",
]

"""Requests that can only concern the cluster's own resources, by the tags that installers and controllers set."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from cloudguard.model.identity import Condition, Effect, Statement
from cloudguard.provider.iam.need_tables import Values, filled
from cloudguard.tables import table_of

TAG_KEYS: Final = (
    "aws:ResourceTag/",
    "ec2:ResourceTag/",
    "autoscaling:ResourceTag/",
    "elasticloadbalancing:ResourceTag/",
    "iam:ResourceTag/",
    "aws:RequestTag/",
)
"""Prefixes of condition keys for tags that a resource has, or gets when it is created (service authorization
reference)."""


def tagged_resources(values: Values) -> Iterator[Statement]:
    """Yield statements that match only requests on resources with one of the cluster's tags."""
    tags = table_of("cloudguard_aws.iam_catalog", "cluster_tags.toml")["tags"]
    for prefix in TAG_KEYS:
        service = prefix.partition(":")[0]
        actions = ("*",) if service == "aws" else (f"{service}:*",)
        for tag in tags:
            for name, value in zip(*(filled((text,), values) for text in tag), strict=True):
                condition = Condition("StringLike", f"{prefix}{name}", (value,))
                yield Statement(f"{prefix}{name}", Effect.ALLOW, actions, resources=("*",), conditions=(condition,))

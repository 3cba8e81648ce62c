"""Adds calls for settings of the account to moto's EC2, which lacks them, before their first use."""

from __future__ import annotations

from typing import Any, cast

from moto.core.responses import ActionResult
from moto.ec2.responses import EC2Response


def _metadata_defaults(response: EC2Response) -> ActionResult:
    return ActionResult({"AccountLevel": getattr(response.ec2_backend, "metadata_defaults", {})})


def _public_access(response: EC2Response) -> ActionResult:
    mode = getattr(response.ec2_backend, "public_access", "off")
    setting = {"State": "update-complete", "InternetGatewayBlockMode": mode, "ExclusionsAllowed": "allowed"}
    owner = {"AwsAccountId": response.current_account, "AwsRegion": response.region}
    return ActionResult({"VpcBlockPublicAccessOptions": owner | setting})


def _exclusions(response: EC2Response) -> ActionResult:
    made: dict[str, str] = getattr(response.ec2_backend, "public_access_exclusions", {})
    listed = [
        {"ResourceArn": name, "InternetGatewayExclusionMode": mode, "State": "create-complete"}
        for name, mode in made.items()
    ]
    return ActionResult({"VpcBlockPublicAccessExclusions": listed})


def teach() -> None:
    """Add the calls. They answer with attributes of moto's EC2 backend, or with empty settings.

    ``metadata_defaults`` is the answer's own object. ``public_access`` is the mode of VPC Block Public Access.
    ``public_access_exclusions`` is a dict of the ARN of an excluded VPC or subnet → the mode of the exclusion.
    """
    taught = cast("Any", EC2Response)
    taught.get_instance_metadata_defaults = _metadata_defaults
    taught.describe_vpc_block_public_access_options = _public_access
    taught.describe_vpc_block_public_access_exclusions = _exclusions

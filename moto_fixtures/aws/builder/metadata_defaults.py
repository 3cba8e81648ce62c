"""Teaches moto's EC2 a call that it has not: the account's defaults for the metadata service of new hosts."""

from __future__ import annotations

from typing import Any, cast

from moto.core.responses import ActionResult
from moto.ec2.responses import EC2Response


def _answer(response: EC2Response) -> ActionResult:
    return ActionResult({"AccountLevel": getattr(response.ec2_backend, "metadata_defaults", {})})


def teach() -> None:
    """Let moto's EC2 answer what its backend's ``metadata_defaults`` says, nothing set where it says none."""
    cast("Any", EC2Response).get_instance_metadata_defaults = _answer

"""Answers for Global Accelerator, which moto lacks: one accelerator, and its interface in a VPC."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, cast

from moto_fixtures.aws.builder import Account, Subnet
from refused_calls import response


def place(account: Account, subnet: Subnet) -> None:
    """Add an accelerator's interface to a subnet."""
    made = account.call("ec2", "create_network_interface", SubnetId=subnet.id)["NetworkInterface"]["NetworkInterfaceId"]
    state = account.backend("ec2").enis[made]
    state.interface_type, state.requester_managed, state.status = "global_accelerator_managed", True, "in-use"


def answer_for(session: object, *endpoints: str) -> None:
    """Let the session's Global Accelerator forward to ``endpoints``: ids of instances, ARNs of load balancers."""
    described = [{"EndpointId": endpoint} for endpoint in endpoints]
    answers: dict[str, dict[str, Sequence[dict[str, Any]]]] = {
        "ListAccelerators": {"Accelerators": [{"AcceleratorArn": "arn:a"}]},
        "ListListeners": {"Listeners": [{"ListenerArn": "arn:a/l"}]},
        "ListEndpointGroups": {"EndpointGroups": [{"EndpointDescriptions": described}]},
    }

    def answer(event_name: str, request: Any, **_rest: object) -> object:  # noqa: ANN401 - botocore's request
        assert ".us-west-2." in request.url
        body = json.dumps(answers[event_name.rpartition(".")[2]])
        return response(request.url, 200, {"Content-Type": "application/x-amz-json-1.1"}, body.encode())

    cast("Any", session).events.register_first("before-send.global-accelerator", answer)

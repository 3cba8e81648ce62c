"""Answers for EKS capabilities, which moto lacks: one capability of each cluster."""

from __future__ import annotations

import json
from typing import Any, cast

from refused_calls import response

NAME = "ack"


def answer_for(session: object, role: str, status: int = 200) -> None:
    """Let every cluster of the session have one capability with ``role``. ``status``: that of the answers."""
    answers: dict[str, object] = {
        "ListCapabilities": {"capabilities": [{"capabilityName": NAME, "type": "ACK"}]},
        "DescribeCapability": {"capability": {"capabilityName": NAME, "type": "ACK", "roleArn": role}},
    }

    def answer(event_name: str, request: Any, **_rest: object) -> object:  # noqa: ANN401 - botocore's request
        body = json.dumps(answers[event_name.rpartition(".")[2]])
        return response(request.url, status, {"Content-Type": "application/json"}, body.encode())

    for operation in answers:
        cast("Any", session).events.register_first(f"before-send.eks.{operation}", answer)

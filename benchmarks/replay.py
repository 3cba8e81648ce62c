"""The calls of one check, made again by a bare boto3 loop with as many threads: what the network alone costs.

``python benchmarks/replay.py record|replay FILE``.
"""

from __future__ import annotations

import json
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from account import CLUSTER, REGION

THREADS = 16


def record(file: Path) -> None:
    """Run a check and write down every call it makes."""
    import boto3  # noqa: PLC0415 - each way of running loads only what it needs

    import cloudguard  # noqa: PLC0415

    session: Any = boto3.Session(region_name=REGION)
    made: list[tuple[str, str, dict[str, Any]]] = []

    def note(params: dict[str, Any], model: Any, **_: object) -> None:  # noqa: ANN401 - botocore's event
        made.append((model.service_model.service_name, model.name, dict(params)))

    session.events.register("provide-client-params", note)
    cloudguard.check("aws", cluster=CLUSTER, session=session)
    file.write_text(json.dumps(made))


def replay(file: Path) -> None:
    """Make the calls."""
    import boto3  # noqa: PLC0415 - each way of running loads only what it needs
    from botocore import xform_name  # noqa: PLC0415
    from botocore.parsers import ResponseParserError  # noqa: PLC0415

    calls: list[tuple[str, str, dict[str, Any]]] = json.loads(file.read_text())
    session: Any = boto3.Session(region_name=REGION)
    clients = {service: session.client(service) for service in sorted({service for service, _, _ in calls})}

    def make(call: tuple[str, str, dict[str, Any]]) -> None:
        service, operation, parameters = call
        try:
            getattr(clients[service], xform_name(operation))(**parameters)
        except (clients[service].exceptions.ClientError, ResponseParserError):
            return  # a cluster that is not EKS's is told so by an error, and what moto lacks by a page, here as there

    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(make, calls))


if __name__ == "__main__":
    {"record": record, "replay": replay}[sys.argv[1]](Path(sys.argv[2]))

"""Record the calls of a check, and repeat them in a bare boto3 loop with several threads, to measure the calls alone.

``python benchmarks/replay.py record|replay FILE [CLUSTER …]``. Several clusters are read in one run.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

from account import CLUSTER, REGION

THREADS = 16


def record(file: Path, clusters: Sequence[str]) -> None:
    """Read the clusters and write every call to ``file``."""
    import boto3  # noqa: PLC0415 - each way of running loads only what it needs

    from cloudguard.collection import collect_requested  # noqa: PLC0415
    from cloudguard.provider.port import CollectRequest  # noqa: PLC0415
    from cloudguard.provider.sharing.shared_answers import SharedAnswers  # noqa: PLC0415

    session: Any = boto3.Session(region_name=REGION)
    recorded: list[tuple[str, str, dict[str, Any]]] = []

    def note(params: dict[str, Any], model: Any, **_: object) -> None:  # noqa: ANN401 - botocore's event
        recorded.append((model.service_model.service_name, model.name, dict(params)))

    session.events.register("provide-client-params", note)
    shared = SharedAnswers(merging=len(clusters) > 1)
    requests = (CollectRequest(name, client=session, shared=shared) for name in clusters)
    shared.together([partial(collect_requested, "aws", request) for request in requests])
    file.write_text(json.dumps(recorded))


def replay(file: Path) -> None:
    """Make the calls in ``file``. Their errors are ignored."""
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
            return  # expected as in a check: a cluster that is not on EKS, or a call that moto lacks

    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(make, calls))


if __name__ == "__main__":
    if sys.argv[1] == "record":
        record(Path(sys.argv[2]), sys.argv[3:] or [CLUSTER])
    else:
        replay(Path(sys.argv[2]))

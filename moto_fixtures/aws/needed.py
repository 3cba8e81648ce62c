"""What roles of a cluster called ``prod`` are granted where all is well: upstream's own documents."""

from __future__ import annotations

import json
from typing import Any

from cloudguard_aws.iam_catalog.needs import TABLES
from cloudguard_aws.iam_catalog.policy_writer import PolicyDocuments
from moto_fixtures.aws.builder import ACCOUNT, REGION
from moto_fixtures.aws.builder.machines import Statement
from moto_fixtures.aws.installers import CLUSTER

_VALUES = {
    "cluster": [CLUSTER],
    "account": [ACCOUNT],
    "region": [REGION],
    "partition": ["aws"],
    "state": ["prod-state"],
    "backups": ["prod-state"],
    "bucket": ["prod-state"],
    "zone": ["Z0123456789"],
}
KOPS = ("kops/control-plane-base", "kops/control-plane", "kops/etcd-backups")
CONTROL_PLANE = ("cloud-controller-manager", "node")
CAPA_CONTROL_PLANE = ("capa/control-plane", "capa/nodes", *CONTROL_PLANE)
CAPA_NODE = ("capa/nodes", "node")


def needed(*names: str) -> tuple[Statement, ...]:
    """Return the statements of the named needs."""
    found = {need.id: need for need in TABLES.needs(_VALUES)}
    documents: list[Any] = [
        json.loads(text) for name in names for text in PolicyDocuments().write(found[name].statements)
    ]
    return tuple(statement for document in documents for statement in document["Statement"])

"""The grants of a cluster's roles without excess: their needs, limited to the cluster's own resources."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from cloudguard.model.identity import Statement as Granted
from cloudguard_aws.iam_catalog.catalog_of_cluster import TABLES
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
    "dashed": [CLUSTER],
}
KOPS = (
    "kops/control-plane-base",
    "kops/cloud-controller-manager",
    "kops/ebs-csi",
    "kops/cluster-autoscaler",
    "kops/etcd-backups",
)
CONTROL_PLANE = ("cloud-controller-manager", "node")
CAPA_CONTROL_PLANE = ("capa/control-plane", "capa/nodes", *CONTROL_PLANE)
CAPA_NODE = ("capa/nodes", "node")


def needed(*names: str, cluster: str = CLUSTER) -> tuple[Statement, ...]:
    """Return the statements of the named needs, for one cluster."""
    needs = {need.id: need for need in TABLES.needs({**_VALUES, "cluster": [cluster], "dashed": [cluster]})}
    return tuple(statement for name in names for statement in _written(needs[name].statements))


def documented(*names: str) -> tuple[Statement, ...]:
    """Return the statements of the named needs as upstream documents them."""
    found = {table["id"]: table for table in TABLES.written}
    return tuple(statement for name in names for statement in _written(TABLES.granted(found[name], _VALUES)))


def _written(statements: Iterable[Granted]) -> tuple[Statement, ...]:
    documents: list[Any] = [json.loads(text) for text in PolicyDocuments().write(statements)]
    return tuple(statement for document in documents for statement in document["Statement"])

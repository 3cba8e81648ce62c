"""The IAM catalog of Google Cloud for one cluster: permissions, needs and escalation paths. It makes no calls."""

from __future__ import annotations

from importlib.resources import files
from typing import Final

from cloudguard.model.iam_catalog import IamCatalog
from cloudguard.model.snapshot import Snapshot
from cloudguard.provider.iam.need_tables import NeedTables
from cloudguard_gcp.iam_catalog.catalog import catalog_of
from cloudguard_gcp.iam_catalog.need_values import PLACES, values_of
from cloudguard_gcp.iam_catalog.principals import Members
from cloudguard_gcp.iam_catalog.role_writer import RoleDocuments
from cloudguard_gcp.identity.conditions import TIME

TABLES: Final = NeedTables(files("cloudguard_gcp.iam_catalog"))
_TELEMETRY: Final = frozenset({"node/gke", "node/telemetry", "image-pull"})
"""Needs of every host."""


def iam_catalog(snapshot: Snapshot) -> IamCatalog:
    """Return the IAM catalog for the cluster of ``snapshot``."""
    cluster = snapshot.cluster
    values, paths = values_of(snapshot), TABLES.escalation_paths
    needs = TABLES.needs(values, PLACES)
    today = {TIME: snapshot.started} if snapshot.started else {}
    return IamCatalog(
        catalog=catalog_of(snapshot, needs, paths),
        writer=RoleDocuments(),
        needs=needs,
        escalation_paths=paths,
        known_context=lambda _: today,
        grants_are_conditional=True,
        cluster_resources=TABLES.statements_in("cluster_resources.toml", values),
        principals=Members(
            cluster.account,
            snapshot.identities.account_names,
            today,
            organization=snapshot.identities.organization or "",
            pools=[provider.id for provider in snapshot.identities.providers],
        ),
        telemetry=tuple(statement for need in needs if need.id in _TELEMETRY for statement in need.statements),
        preferred_segments=("gcp", cluster.account, "", "", "", ""),
    )

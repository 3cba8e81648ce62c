"""The tables of AWS needs and escalation paths. ``identity/need_values`` gives the values of their placeholders."""

from __future__ import annotations

from importlib.resources import files
from typing import Final

from cloudguard.provider.need_tables import NeedTables

TABLES: Final = NeedTables(files("cloudguard_aws.iam_catalog"))
PLACES: Final = {
    "state": "the state store",
    "backups": "the store of etcd's backups",
    "bucket": "the state store's bucket",
    "zone": "the DNS zone",
    "queue": "the queue of the node termination handler",
    "repository": "a repository of Argo CD",
    "credentials": "the secret with a repository's credentials, or its key",
}
"""Names of resources that every cluster with the need has, even if no fact shows them, by placeholder."""

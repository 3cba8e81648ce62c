"""The tables of AWS needs and escalation paths; ``identity/need_values`` fills their placeholders for one cluster."""

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
}
"""What placeholders stand for that every cluster with the need has, whether anything shows it or not."""

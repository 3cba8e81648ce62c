"""The tables of AWS needs and escalation paths; ``identity/need_values`` fills their placeholders for one cluster."""

from __future__ import annotations

from importlib.resources import files
from typing import Final

from cloudguard.provider.need_tables import NeedTables

TABLES: Final = NeedTables(files("cloudguard_aws.iam_catalog"))

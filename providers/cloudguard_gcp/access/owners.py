"""The programs that write resources on Google Cloud (``owners.toml``)."""

from __future__ import annotations

from typing import Final

from cloudguard.provider.ownership.signs import Owners

OWNERS: Final = Owners("cloudguard_gcp")

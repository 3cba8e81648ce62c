"""The owners that write resources on AWS, from ``owners.toml``."""

from __future__ import annotations

from typing import Final

from cloudguard.provider.ownership.signs import Owners

OWNERS: Final = Owners("cloudguard_aws")

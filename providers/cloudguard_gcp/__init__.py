"""Google Cloud: reads one cluster through its SDK. Importing this loads none of it."""

from __future__ import annotations

from cloudguard_gcp.adapter import ADAPTER

__all__ = ["ADAPTER"]

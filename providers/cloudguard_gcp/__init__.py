"""Google Cloud: reads one cluster through Google's SDK. This import loads no SDK."""

from __future__ import annotations

from cloudguard_gcp.adapter import ADAPTER

__all__ = ["ADAPTER"]

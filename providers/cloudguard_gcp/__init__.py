"""Google Cloud: reads one cluster through Google's SDK. To import this package does not load the SDK."""

from __future__ import annotations

from cloudguard_gcp.adapter import ADAPTER

__all__ = ["ADAPTER"]

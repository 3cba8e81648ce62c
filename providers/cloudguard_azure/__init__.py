"""Azure: reads one cluster through Azure's SDK. To import this package does not load the SDK."""

from __future__ import annotations

from cloudguard_azure.adapter import ADAPTER

__all__ = ["ADAPTER"]

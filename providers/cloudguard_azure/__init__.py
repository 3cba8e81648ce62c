"""Azure: reads one cluster through Azure's SDK. This import loads no SDK."""

from __future__ import annotations

from cloudguard_azure.adapter import ADAPTER

__all__ = ["ADAPTER"]

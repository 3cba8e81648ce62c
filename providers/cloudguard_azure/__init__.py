"""Azure: reads one cluster through its SDK. Importing this loads none of it."""

from __future__ import annotations

from cloudguard_azure.adapter import ADAPTER

__all__ = ["ADAPTER"]

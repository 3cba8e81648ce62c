"""AWS: reads one cluster through boto3. This import loads no SDK."""

from __future__ import annotations

from cloudguard_aws.adapter import ADAPTER

__all__ = ["ADAPTER"]

"""The metadata server of clouds that cannot require tokens."""

from __future__ import annotations

from typing import Final

from cloudguard.model.cluster import MetadataService

OPEN_METADATA: Final = MetadataService(
    enabled=True,
    tokens_required=False,
    hop_limit=1,
    remedy="a network policy or a host firewall rule that blocks pods from 169.254.169.254",
    has_switch=False,
    has_tokens=False,
)
"""The server requires a header, which any pod can send."""

"""The Google Cloud adapter. Its import loads only modules that every command needs."""

from __future__ import annotations

from cloudguard.provider.collecting import CloudAdapter
from cloudguard_gcp.access.session import OPTIONS


class GcpAdapter(CloudAdapter):
    """Reads one Kubernetes cluster on Google Cloud."""

    name = "gcp"
    options = OPTIONS
    permission_formats = ("json", "terraform")


ADAPTER = GcpAdapter()

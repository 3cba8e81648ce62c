"""The Azure adapter. Its import loads only modules that every command needs."""

from __future__ import annotations

from cloudguard.provider.collecting import CloudAdapter
from cloudguard_azure.access.session import OPTIONS


class AzureAdapter(CloudAdapter):
    """Reads one Kubernetes cluster on Azure."""

    name = "azure"
    options = OPTIONS
    permission_formats = ("json", "terraform")


ADAPTER = AzureAdapter()

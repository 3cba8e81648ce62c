"""The read-only custom role that the adapter needs, generated from its calls."""

from __future__ import annotations

import json

from cloudguard.provider.permissions.hcl import listed
from cloudguard_azure.access.calls import CALLS

_NAME = "cloudguard reader"
_DESCRIPTION = "Read-only access for cloudguard; assign it on the subscription and, if possible, above it"


def _actions() -> list[str]:
    return sorted({permission for call in CALLS for permission in call.permissions})


def role() -> str:
    """Return the role in the format of ``az role definition create --role-definition``."""
    return json.dumps(
        {
            "Name": _NAME,
            "IsCustom": True,
            "Description": _DESCRIPTION,
            "Actions": _actions(),
            "NotActions": [],
            "DataActions": [],
            "NotDataActions": [],
            "AssignableScopes": ["/subscriptions/SUBSCRIPTION_ID"],
        },
        indent=2,
    )


def terraform() -> str:
    """Return blocks for the provider hashicorp/azurerm (its resource azurerm_role_definition)."""
    return f"""\
# {_DESCRIPTION}.
variable "scope" {{
  type        = string
  description = "/subscriptions/SUBSCRIPTION_ID"
}}

variable "principal_id" {{
  type        = string
  description = "The object id of the principal that runs cloudguard"
}}

resource "azurerm_role_definition" "cloudguard" {{
  name              = "{_NAME}"
  scope             = var.scope
  assignable_scopes = [var.scope]

  permissions {{
    actions     = {listed(_actions(), 4)}
    not_actions = []
  }}
}}

resource "azurerm_role_assignment" "cloudguard" {{
  scope              = var.scope
  role_definition_id = azurerm_role_definition.cloudguard.role_definition_resource_id
  principal_id       = var.principal_id
}}
"""

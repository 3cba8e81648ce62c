"""The read-only custom role that the adapter needs, generated from its calls."""

from __future__ import annotations

import json

from cloudguard.provider.permissions.hcl import listed
from cloudguard.provider.reader import permissions_of
from cloudguard_azure.access.calls import CALLS

_NAME = "cloudguard reader"
_DESCRIPTION = "Read-only access for cloudguard; assign it on the subscription and, if possible, above it"
_ACTIONS = permissions_of(CALLS)


def _role() -> str:
    """Return the role in the format of ``az role definition create --role-definition``."""
    return json.dumps(
        {
            "Name": _NAME,
            "IsCustom": True,
            "Description": _DESCRIPTION,
            "Actions": _ACTIONS,
            "NotActions": [],
            "DataActions": [],
            "NotDataActions": [],
            "AssignableScopes": ["/subscriptions/SUBSCRIPTION_ID"],
        },
        indent=2,
    )


def _terraform() -> str:
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
    actions     = {listed(_ACTIONS, 4)}
    not_actions = []
  }}
}}

resource "azurerm_role_assignment" "cloudguard" {{
  scope              = var.scope
  role_definition_id = azurerm_role_definition.cloudguard.role_definition_resource_id
  principal_id       = var.principal_id
}}
"""


FORMATS = {"json": _role, "terraform": _terraform}

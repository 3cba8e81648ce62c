"""The read-only custom role that the adapter needs, generated from its calls."""

from __future__ import annotations

import json

from cloudguard.provider.permissions.hcl import listed
from cloudguard.provider.reader import permissions_of
from cloudguard_gcp.access.calls import CALLS

_TITLE = "cloudguard reader"
_DESCRIPTION = "Read-only access for cloudguard; bind it on the project and, if possible, above it"
_PERMISSIONS = permissions_of(CALLS)


def _role() -> str:
    """Return the role in the format of ``gcloud iam roles create --file``."""
    return json.dumps(
        {"title": _TITLE, "description": _DESCRIPTION, "stage": "GA", "includedPermissions": _PERMISSIONS}, indent=2
    )


def _terraform() -> str:
    """Return blocks for the provider hashicorp/google (its resource google_project_iam_custom_role)."""
    return f"""\
# {_DESCRIPTION}.
variable "project" {{
  type = string
}}

variable "member" {{
  type        = string
  description = "The principal that runs cloudguard: serviceAccount:NAME@PROJECT.iam.gserviceaccount.com"
}}

resource "google_project_iam_custom_role" "cloudguard" {{
  project     = var.project
  role_id     = "cloudguardReader"
  title       = "{_TITLE}"
  stage       = "GA"
  permissions = {listed(_PERMISSIONS, 2)}
}}

resource "google_project_iam_member" "cloudguard" {{
  project = var.project
  role    = google_project_iam_custom_role.cloudguard.id
  member  = var.member
}}
"""


FORMATS = {"json": _role, "terraform": _terraform}

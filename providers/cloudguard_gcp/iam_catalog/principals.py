"""Who may act as a service account, read from the members of its own policy.

https://cloud.google.com/iam/docs/principal-identifiers
"""

from __future__ import annotations

import re
from typing import Final

from cloudguard.model.iam_catalog import Trusted
from cloudguard.model.identity import Statement
from cloudguard_gcp.identity.resource_names import project_of

_POD: Final = re.compile(r"^serviceAccount:([^\[\]]+\.svc\.id\.goog)\[([^/\]]+)/([^\]]+)\]$")
_POOL: Final = re.compile(
    r"^principal(Set)?://iam\.googleapis\.com/.*/(workloadIdentityPools|workforcePools)/([^/]+)/(.+)$"
)


class Members:
    """Reads members as bindings have them: "serviceAccount:…", "principalSet://…", "allUsers"."""

    def trusted(self, principal: str, statement: Statement, account: str) -> Trusted:
        """Return who a member is. The condition is ignored: it says when a member may act, not who it is."""
        del statement
        if principal in {"allUsers", "allAuthenticatedUsers"}:
            return Trusted("anyone", "anyone")
        if pod := _POD.match(principal):
            return Trusted("federated", pod[1], subjects=(f"{pod[2]}:{pod[3]}",))
        if pool := _POOL.match(principal):
            rest = pool[4]
            whole = rest == "*" or (pool[1] and rest.startswith("attribute.") and rest.endswith("/*"))
            return Trusted("federated", pool[3], subjects=None if whole else (rest,))
        kind, _, who = principal.partition(":")
        if kind == "domain":
            return Trusted("federated", who)
        project = project_of(who) if kind == "serviceAccount" else ""
        if project and project != account and not project.startswith("gcp-sa-"):
            return Trusted("account", project, narrowed=True)
        return Trusted("own", who)

"""Trust policies: their principals, and the callers that may assume a role, by the context of their requests."""

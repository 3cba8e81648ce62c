"""Escalation paths that an identity is granted, and the identities that it gains by them."""

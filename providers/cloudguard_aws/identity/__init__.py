"""Identities on AWS: roles and policies."""

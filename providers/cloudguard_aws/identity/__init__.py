"""Identities on AWS: roles and their policies."""

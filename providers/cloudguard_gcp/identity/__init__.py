"""Identities on Google Cloud: roles and policies."""

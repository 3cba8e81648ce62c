"""Identities on Azure, and their roles."""

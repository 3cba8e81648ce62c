"""Identities on Azure: who they are, and which roles they have."""

"""Owners: who writes a resource by which sign, and where an edit of it holds."""

"""The authorization engine: effective permissions, excess, escalation paths, and replacement policies."""

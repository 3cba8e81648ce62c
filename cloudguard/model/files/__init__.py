"""Snapshot files: how a snapshot is written, and read back in today's schema."""

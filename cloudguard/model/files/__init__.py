"""Snapshot files: writing a snapshot, and reading files of the present and older schemas."""

"""The comparison of two snapshots or reports, as text and as JSON."""

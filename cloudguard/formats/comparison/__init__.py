"""Two snapshots or reports compared, as a table and as JSON."""

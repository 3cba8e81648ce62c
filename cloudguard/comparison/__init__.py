"""Compares two snapshots or reports of one cluster: what opened, what closed, and what became of each finding."""

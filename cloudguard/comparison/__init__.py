"""Compare two snapshots or reports of one cluster: the access that opened or closed, and the fate of each finding."""

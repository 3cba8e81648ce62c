"""Storage of etcd's data: volumes, their copies and keys, and databases that may replace etcd."""

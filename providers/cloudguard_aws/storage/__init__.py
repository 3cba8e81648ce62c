"""Where etcd's data is at rest: volumes, their copies and keys, and the database that may take etcd's place."""

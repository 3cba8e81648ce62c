"""What can be wrong with etcd's data at rest: its disks and their copies, its keys, and what the next host gets."""

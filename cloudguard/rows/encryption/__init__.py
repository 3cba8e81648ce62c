"""Problems with etcd's data at rest: its disks and their copies, its keys, and the disks of the next host."""

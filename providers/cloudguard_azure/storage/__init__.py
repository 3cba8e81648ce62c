"""Where etcd's data is on Azure: disks, their copies and their keys."""

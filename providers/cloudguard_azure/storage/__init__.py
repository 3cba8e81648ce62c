"""The storage of etcd's data on Azure: disks, their copies and their keys."""

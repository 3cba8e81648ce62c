"""The cluster on AWS: its hosts, pools, disks and managed control plane."""

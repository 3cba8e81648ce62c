"""The cluster on Azure: its hosts, pools, disks and managed control plane."""

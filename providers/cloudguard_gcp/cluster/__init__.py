"""The cluster on Google Cloud: its hosts, pools, disks and managed control plane."""

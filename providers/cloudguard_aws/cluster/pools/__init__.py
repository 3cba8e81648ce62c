"""What makes the cluster's next hosts: scaling groups, fleets, and their launch templates."""

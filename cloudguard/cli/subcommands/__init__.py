"""The work of each command, a file each; loaded only when it is called."""

"""What must hold: the five rows, a file each, and their checks."""

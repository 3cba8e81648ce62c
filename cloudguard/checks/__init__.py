"""The five rows, a file each."""

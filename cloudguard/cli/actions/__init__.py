"""The flags and arguments of commands that have actions."""

"""The contents of a history."""

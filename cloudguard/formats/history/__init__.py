"""The content of a history, as tables and as JSON."""

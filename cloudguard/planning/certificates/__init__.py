"""A plan's certificate: what a checker needs that knows nothing of this program."""

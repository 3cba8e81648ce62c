"""Notices of a run: whom to tell, what, and how; a person can act on one on a telephone."""

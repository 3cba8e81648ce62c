"""Stores the results of each run in a database, so that the next run can show the changes."""

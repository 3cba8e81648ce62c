"""Converts between the rows of a history's tables and the program's values."""

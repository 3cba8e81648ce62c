"""Formats for other programs, one module each. ``render`` of each module makes the text of a report."""

"""Owners: the programs that write resources, the signs that show them, and the places where an edit lasts."""

"""Waivers, which accept findings for a limited time: the findings that they cover, and their file."""

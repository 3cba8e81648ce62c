"""Notices about a run: their events, their text and their sending. A notice is short enough for a phone."""

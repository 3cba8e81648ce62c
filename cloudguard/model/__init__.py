"""Frozen facts in no cloud's words; every fact carries the call it was read by."""

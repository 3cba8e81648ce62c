"""Answers that the readers of one run share: no call is made twice, and calls for parts of a list are merged."""

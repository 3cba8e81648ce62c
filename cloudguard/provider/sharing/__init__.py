"""Answers that the readers of one account share: none is asked for twice, and parts of a list are asked for as one."""

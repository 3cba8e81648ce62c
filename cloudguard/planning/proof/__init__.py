"""The obligations that a plan must not break, and the order of its edits."""

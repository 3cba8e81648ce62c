"""Least privilege for filters: which rules to remove or narrow, and what remains of them."""

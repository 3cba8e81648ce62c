"""Several clusters in one run: which ones, from a file or an account, and their facts, read once an account."""

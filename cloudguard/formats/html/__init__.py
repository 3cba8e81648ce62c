"""A report as one page for a browser: no network, no other file, complete without scripts."""

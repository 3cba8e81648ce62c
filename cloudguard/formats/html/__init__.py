"""A report as one HTML page. It loads nothing from the network or other files, and is complete without scripts."""

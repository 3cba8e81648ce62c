"""Formats that other programs read, a file each; all are made from a report by ``render``."""

"""Whole small accounts, loaded into moto; each says, line by line, what must be found in it."""

"""Commands that have actions: the flags and arguments of each."""

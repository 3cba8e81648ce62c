"""The parts of the row about cloud identities."""

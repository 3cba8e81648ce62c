"""What the row about cloud identities consists of."""

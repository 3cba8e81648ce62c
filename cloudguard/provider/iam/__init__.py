"""The parts of an IAM catalog that clouds have in common: tables of needs, and bases of action lists and principals."""

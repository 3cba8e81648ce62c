"""The parts of an IAM catalog that clouds have in common: tables of needs, action lists, principals and conditions."""

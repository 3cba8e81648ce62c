"""What the rows about connections share."""

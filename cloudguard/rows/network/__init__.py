"""Code that the rows about connections share."""

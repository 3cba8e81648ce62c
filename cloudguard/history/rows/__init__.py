"""Between the rows of a history and the values that they stand for."""

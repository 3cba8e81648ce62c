"""Keeps what each run found in a database, so that the next one says what is different."""

"""One module a schema, in order: what it changes, and nothing that a later one changes."""

"""The migrations from each schema of a history to the next. Alembic runs them."""

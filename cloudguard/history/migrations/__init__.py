"""The steps from each schema of a history to the next, run by Alembic."""

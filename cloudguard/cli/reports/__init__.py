"""The steps after the reports are made: comparison with the past, and storage."""

"""The five rows of the report and their checks. Each row has its own module."""

"""The migrations, one module per schema. Each module contains only the changes of its own schema."""

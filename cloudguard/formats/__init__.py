"""The output formats, one module each. Each turns a Report into text."""

"""A Report in, a string out; a file a format."""

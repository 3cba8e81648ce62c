"""Report files: reading the JSON of a report that this version or an older one wrote."""

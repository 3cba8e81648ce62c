"""Report files: how the JSON of a report, of this version or an older one, is read back."""

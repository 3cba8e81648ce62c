"""cloudguard's provider for Google Cloud."""

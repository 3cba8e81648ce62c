"""What a history holds."""

"""What a history holds, as tables and as JSON."""

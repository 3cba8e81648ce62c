"""What is known of permissions on Google Cloud: catalog, needs, escalation paths."""

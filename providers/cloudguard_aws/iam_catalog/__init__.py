"""What is known of permissions on AWS: catalog, needs, escalation paths."""

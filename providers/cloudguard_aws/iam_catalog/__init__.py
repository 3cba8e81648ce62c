"""Facts about permissions on AWS: the action catalog, needs, and escalation paths."""

"""What is known of the permissions of Azure: actions, needs, escalation paths."""

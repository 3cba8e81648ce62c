"""Who may do what: effective permissions, excess, escalation paths, and what would be enough."""

"""Who may become a role: principals and callers of trust policies, told by the context of their requests."""

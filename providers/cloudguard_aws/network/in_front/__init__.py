"""Services in front of load balancers: endpoint services, and web ACLs."""

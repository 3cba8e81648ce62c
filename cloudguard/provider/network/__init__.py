"""The network facts that all clouds have in common: parts in use, filters of clients, published services."""

"""Exact sets of packets, which are a peer address and a service: what filters let through."""

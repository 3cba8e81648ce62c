"""Exact sets of packets. A packet is a peer address and a service. Filters are compiled to such sets."""

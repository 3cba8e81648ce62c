"""Exact sets of requests, which are an action on a resource in a context: what policies allow and deny."""

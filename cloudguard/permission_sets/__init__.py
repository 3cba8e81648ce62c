"""Exact sets of requests. A request is an action on a resource in a context. Policies are compiled to such sets."""

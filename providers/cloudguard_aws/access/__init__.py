"""Access to AWS: credentials, calls, and the permissions that they take."""

"""Access to AWS: credentials, calls, and the permissions that the calls need."""

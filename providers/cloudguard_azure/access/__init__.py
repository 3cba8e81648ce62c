"""Access to Azure: credentials, calls, and the permissions that they take."""

"""Access to Google Cloud: credentials, calls, and the permissions that they take."""

"""The needs of Kubernetes, as data with their sources, and the user's declarations and settings."""

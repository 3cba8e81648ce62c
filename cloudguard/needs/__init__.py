"""What Kubernetes needs, as data with its source, and what the user declares."""

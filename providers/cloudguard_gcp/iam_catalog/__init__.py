"""Knowledge of Google Cloud's permissions: catalog, needs, escalation paths."""

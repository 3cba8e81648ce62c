"""Knowledge of Azure's permissions: catalog, needs, escalation paths."""

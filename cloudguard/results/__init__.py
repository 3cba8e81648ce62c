"""The results that formats write: findings, changes, plans, comparisons and the report."""

"""What formats see: findings, changes, and the report that they make."""

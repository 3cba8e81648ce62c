"""What the facts add up to: who reaches what, by which path, and what to take away."""

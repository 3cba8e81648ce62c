"""What all clouds' networks have in common: parts in use, and filters of balancers' clients."""

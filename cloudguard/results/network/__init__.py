"""Results about the network: connections as text, and the exposure of hosts."""

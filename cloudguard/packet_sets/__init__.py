"""Mathematics: canonical sets of addresses, services and packets. Imports nothing of ours."""

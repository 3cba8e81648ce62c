"""Several clusters in one run: the choice of the clusters, and the reading of their facts, account by account."""

"""Mathematics: canonical sets of actions, resources and requests. Imports nothing of ours."""

"""Rules of clouds that put a rule whole, though the model has one for each of its peers: "ssh#1", "ssh#2"."""

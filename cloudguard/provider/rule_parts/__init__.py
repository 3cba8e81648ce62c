"""Rules of clouds whose calls write a whole rule, while the model has one rule for each peer: "ssh#1", "ssh#2"."""

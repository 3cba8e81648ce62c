"""The port that a provider implements, and the kit that every provider is built on."""

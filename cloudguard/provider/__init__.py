"""The interface that a provider implements, and the shared code that every provider is built on."""

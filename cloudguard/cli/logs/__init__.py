"""The log: the calls that are made, what the SDKs say, and the messages for people, as lines of text or JSON."""

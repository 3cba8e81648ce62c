"""The log: API calls, log records of the SDKs, and the messages for people, as lines of text or JSON."""

"""The JSON contracts: JSON documents made from the Python types, and their JSON Schemas."""

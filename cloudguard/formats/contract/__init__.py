"""The JSON contracts: documents made from the types themselves, and their JSON Schemas."""

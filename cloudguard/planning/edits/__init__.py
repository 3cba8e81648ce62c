"""Edits of a plan: in rules that the cloud can hold, and made on the model."""

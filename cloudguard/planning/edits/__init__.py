"""Edits of a plan: expressed in rules that the cloud can hold, and applied to the model."""

"""Changes as calls of a cloud's API: the common part of each cloud's ``ChangeForms``."""

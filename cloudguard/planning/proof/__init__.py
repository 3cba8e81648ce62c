"""What a plan must not break, and the order in which it is made."""

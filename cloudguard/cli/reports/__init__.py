"""What is done with reports once they are judged."""

"""A plan's certificate: the data with which an independent checker can verify the plan without this program."""

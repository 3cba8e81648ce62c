"""The network on AWS: filters, routes and load balancers."""

"""The network on Google Cloud: filters, routes and load balancers."""

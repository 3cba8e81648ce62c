"""The network on Azure: security groups, routes, load balancers, endpoints."""

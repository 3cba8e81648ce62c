"""The paths into the cluster on Azure: load balancers, proxies, endpoints, bastions."""

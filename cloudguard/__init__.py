"""Is the cloud under this Kubernetes cluster locked down, and what exactly would I change?"""

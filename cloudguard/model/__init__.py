"""Facts in terms that do not depend on the cloud, as frozen values. Every fact names the API call that returned it."""

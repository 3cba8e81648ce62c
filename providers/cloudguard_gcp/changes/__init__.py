"""Changes in Google Cloud's form: rules, API calls, lines for ``gcloud``, blocks for Terraform.

A call's ``api`` is the service's host ("compute.googleapis.com"), its ``operation`` the method's id
("compute.firewalls.patch"). Its parameters are the method's, by name, and the request's content under "body".

A ``setTags`` call has "add" or "remove" in place of an instance's tags. A ``setIamPolicy`` call has "add" or "remove"
in place of the policy: a list of bindings, each with a role, a member, and a condition or none. To make the call, read
the current value, add or remove these, and write it back with its etag or fingerprint, as ``gcloud``'s commands of
these names do.
"""

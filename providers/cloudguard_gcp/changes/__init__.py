"""Changes in Google Cloud's own form: rules, calls of its APIs, lines for ``gcloud``, blocks for Terraform.

A call's ``api`` is the service's host ("compute.googleapis.com"), its ``operation`` the method's id
("compute.firewalls.patch"). Its parameters are those of the method by their names, and the request's own under "body".
A call of ``setTags`` has "add" or "remove" in place of an instance's tags. A call of ``setIamPolicy`` has "add" or
"remove" in place of the policy: bindings, each a role, a member, and a condition or none. What is there is read, these
are added or taken, and it is put back with its etag or fingerprint, as ``gcloud``'s commands of these names do.
"""

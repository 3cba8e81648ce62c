"""Changes in Azure's form: rules, calls of the Resource Manager, lines for ``az``, blocks for Terraform.

A call's ``api`` is a namespace ("Microsoft.Network"), its ``operation`` the name in Azure's specifications
("SecurityRules_CreateOrUpdate"). Its parameters are "id", the resource's id, and one of "body" and "set". "body" is
written to the id. "set" holds values by their paths. To make the call, read the resource, set the values in it ("[*]":
in every item of a list), and write it back whole, as ``az … update`` does: Azure removes fields that a PUT omits.

Other calls have "action", the last word of the path that is posted to, with a "body" or without, or no further
parameter: an operation "…_Get" reads the resource for later calls, and "…_Delete" deletes it. If the id is the address
of a key ("https://…"), the key's vault takes the call.
"""

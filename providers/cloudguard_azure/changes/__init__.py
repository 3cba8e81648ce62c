"""Changes in Azure's own form: rules, calls of the Resource Manager, lines for ``az``, blocks for Terraform.

A call's ``api`` is a namespace ("Microsoft.Network"), its ``operation`` the name that Azure's specifications give it
("SecurityRules_CreateOrUpdate"). Its parameters are "id", the resource's, and one of two. "body" is put at the id.
"set" holds values by their paths: the resource is read, the values are set in it ("[*]": in every item of a list), and
it is put back whole, as ``az … update`` does, since Azure would take away what is not put with the rest.
"""

"""Changes in AWS's own form: rules, calls, command lines and Terraform blocks. Makes no call."""

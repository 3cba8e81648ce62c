"""Changes in AWS's own form: rules, API calls, command lines and Terraform blocks. This package makes no call."""

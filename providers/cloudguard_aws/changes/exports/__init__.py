"""Calls as text that others run: lines for AWS's command-line tool, blocks for Terraform."""

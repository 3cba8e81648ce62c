"""Calls as text that other tools run: command lines for the AWS CLI, and Terraform blocks."""

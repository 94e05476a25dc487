"""The infrastructure: what `cdk deploy` makes."""

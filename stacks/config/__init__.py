"""The settings of cdk.json, checked."""

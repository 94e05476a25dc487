"""The function that tells CloudFormation where a cluster's brokers are."""

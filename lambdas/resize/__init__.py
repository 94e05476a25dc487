"""The resize function: one SQS job in, every rendition out."""

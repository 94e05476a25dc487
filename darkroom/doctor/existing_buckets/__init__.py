"""Checks of buckets that are not the stack's own."""

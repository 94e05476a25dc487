"""The function that keeps a stack's entries among a bucket's notifications."""

"""The dead-letter queue: its messages, why they failed, and their redrive."""

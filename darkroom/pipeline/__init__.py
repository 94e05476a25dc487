"""A client for one deployed pipeline, on AWS or the emulator."""

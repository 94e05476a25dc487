"""What the models are asked: one subject a file."""

"""What ships in a function, made without Docker."""

"""Child processes that decode and render images."""

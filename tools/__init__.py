"""Programs that look at the project from outside."""

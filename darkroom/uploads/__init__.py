"""Upload files and get their results."""

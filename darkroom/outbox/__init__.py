"""Events on their way to the event log."""

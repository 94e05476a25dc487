"""Programs that read the event log: run them as they are, or copy them."""

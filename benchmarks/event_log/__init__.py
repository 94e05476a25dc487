"""The event log: outcomes through announce, readers that catch up, and how long an upload takes to be an event."""

"""The console: a page on loopback and its server."""

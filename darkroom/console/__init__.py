"""The console: one page on loopback that shows what the pipeline does, and the server behind it."""

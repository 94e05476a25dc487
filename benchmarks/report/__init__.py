"""What was measured, what was to be reached, and docs/benchmarks.md."""

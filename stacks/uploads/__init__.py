"""What tells the jobs queue of uploads to a bucket that is not the stack's own."""

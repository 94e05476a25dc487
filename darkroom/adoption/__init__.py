"""Look at a bucket that is there already, and write settings for it."""

"""Look at a bucket that is there already, and write the configuration that takes uploads from it."""

"""The whole function: cold starts, batches, the sandbox, S3 at a distance."""

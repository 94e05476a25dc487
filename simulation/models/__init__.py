"""The pipeline in time: message by message, or as a stream."""

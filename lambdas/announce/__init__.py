"""The announce function: events of the FIFO queue to Kafka or EventBridge."""

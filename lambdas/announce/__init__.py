"""The announce function: takes events from the FIFO queue of outcomes to a Kafka topic or an EventBridge bus."""

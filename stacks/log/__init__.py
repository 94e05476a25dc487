"""The stack `Log`: an MSK Serverless cluster for whoever has no Kafka."""

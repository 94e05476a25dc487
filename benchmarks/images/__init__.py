"""What is rendered, and how like two images are."""

"""What the functions, the command line and readers of manifests agree on."""

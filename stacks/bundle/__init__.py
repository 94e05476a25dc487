"""Build function bundles without Docker."""

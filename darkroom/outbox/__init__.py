"""Events on their way to the log: announced again, held against the manifests, and those that nobody took."""

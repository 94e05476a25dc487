"""What a person types after `darkroom`: each file is one command, its options, and what it prints."""

"""Source bytes in, renditions out; no AWS."""

"""Bytes in, renditions out; knows no AWS."""

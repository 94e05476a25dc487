"""What `make bench` measures.

This pipeline against what a person would otherwise use.
"""

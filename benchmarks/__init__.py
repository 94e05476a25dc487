"""What `make bench` measures: this pipeline against what a person would otherwise use."""

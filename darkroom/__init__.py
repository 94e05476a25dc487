"""The `darkroom` command: the pipeline on this machine and on AWS."""

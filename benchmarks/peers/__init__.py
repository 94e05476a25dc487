"""The programs that are measured: each renders what it is asked for, in a process of its own, and times itself."""

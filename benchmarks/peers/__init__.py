"""The programs that are measured.

Each renders what it is asked for, in a process of its own, and times itself.
"""

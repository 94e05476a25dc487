"""What `make compare` runs.

One burst of outcomes through queues and through a log, and what each can do with it.
"""

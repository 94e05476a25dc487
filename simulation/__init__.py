"""Darkroom past this machine.

SQS, Lambda and S3 as AWS documents them, fed with service times measured here.
"""

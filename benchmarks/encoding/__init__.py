"""What each quality and effort gives.

Bytes, look and time of photographs, and what renditions cost in all.
"""

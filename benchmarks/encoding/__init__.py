"""What each quality and effort gives: bytes, look and time of photographs, and what renditions cost in all."""

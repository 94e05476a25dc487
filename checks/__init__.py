"""Looks at the project from outside: what ships, and what is known about what it is made of."""

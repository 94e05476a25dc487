"""Formats shared by the functions, the command line and readers."""

"""Checks of a deployed pipeline's health."""

"""Imaging with Pillow: the only folder that imports it."""

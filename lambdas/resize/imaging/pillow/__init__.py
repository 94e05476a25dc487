"""Imaging with Pillow; the vips engine falls back to it."""

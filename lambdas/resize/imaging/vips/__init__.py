"""Imaging with libvips: the only folder that imports it."""

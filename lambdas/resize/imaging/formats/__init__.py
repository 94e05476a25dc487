"""Parse image headers before any pixel is decoded."""

"""What image files say before a pixel is decoded."""

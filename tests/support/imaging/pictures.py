"""Builders of small valid images, for tests that are not about imaging."""

import io

from PIL import Image


def jpeg(width: int = 64, height: int = 48, color: str = "teal") -> bytes:
    """A JPEG of one color."""
    stream = io.BytesIO()
    Image.new("RGB", (width, height), color).save(stream, "JPEG")
    return stream.getvalue()

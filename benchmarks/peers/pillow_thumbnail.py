"""Pillow as its tutorial shows it.

Open, `thumbnail` and save, from the full size for each variant.
https://pillow.readthedocs.io/en/stable/handbook/tutorial.html#create-jpeg-thumbnails
"""

from io import BytesIO
from typing import IO, Any

import pillow_heif
from PIL import Image, ImageOps, ImageSequence, features

from benchmarks.peers.serving import Box, Task, serve_rendering

KINDS = {"webp": "WEBP", "jpg": "JPEG", "avif": "AVIF", "png": "PNG"}


def resized(image: Image.Image, box: Box) -> Image.Image:
    """Shrink to a box, by the one call that Pillow has for it."""
    if box.cover:
        return ImageOps.fit(image, box.size)
    image.thumbnail(box.size)
    return image


def savable(image: Image.Image, task: Task) -> Image.Image:
    """Put what is transparent on white for JPEG, and palettes into colors.

    JPEG has no transparency.
    """
    if image.mode in {"RGB", "RGBA"} and task.format != "jpg":
        return image
    if not image.has_transparency_data:
        return image.convert("RGB")
    picture = image.convert("RGBA")
    if task.format != "jpg":
        return picture
    return Image.alpha_composite(Image.new("RGBA", picture.size, "white"), picture).convert("RGB")


def save(image: Image.Image, task: Task, **options: Any) -> bytes:
    """Write a file, with Pillow's defaults but for the quality."""
    file = BytesIO()
    image.save(file, KINDS[task.format], quality=task.quality, **options)
    return file.getvalue()


def _variant(source: IO[bytes], box: Box, task: Task) -> bytes:
    with Image.open(source) as image:
        if task.animated:
            return _film(image, box, task)
        return save(savable(resized(image, box), task), task)


def _film(image: Image.Image, box: Box, task: Task) -> bytes:
    frames, milliseconds = [], []
    for frame in ImageSequence.Iterator(image):
        milliseconds.append(frame.info.get("duration", 0))
        frames.append(resized(savable(frame.copy(), task), box))
    first, *others = frames
    return save(first, task, save_all=True, append_images=others, duration=milliseconds, loop=0)


def _render(source: bytes, task: Task) -> dict[str, bytes]:
    return {box.name: _variant(BytesIO(source), box, task) for box in task.boxes}


if __name__ == "__main__":
    pillow_heif.register_heif_opener()
    serve_rendering(_render, {"Pillow": str(features.version("pil")), "pillow-heif": pillow_heif.__version__})

"""ImageMagick through Wand, as its guide shows it.

`transform` a clone for each variant. https://docs.wand-py.org/en/latest/guide/resizecrop.html
"""

from wand.color import Color
from wand.image import Image
from wand.version import MAGICK_VERSION_NUMBER, VERSION, formats

from benchmarks.peers.serving import Box, NotOfferedError, Task, serve_rendering

KINDS = {"webp": "WEBP", "jpg": "JPEG", "avif": "AVIF", "png": "PNG"}


def _resize(image: "Image", box: Box) -> None:
    width, height = box.size
    if box.cover:
        image.transform(resize=f"{width}x{height}^")
        image.crop(width=width, height=height, gravity="center")
    else:
        image.transform(resize=f"{width}x{height}>")


def _variant(original: "Image", box: Box, task: Task) -> bytes:
    with original.clone() as image:
        _resize(image, box)
        if task.format == "jpg":
            image.background_color = Color("white")
            image.alpha_channel = "remove"
        image.compression_quality = task.quality
        return bytes(image.make_blob(KINDS[task.format]))


def _render(source: bytes, task: Task) -> dict[str, bytes]:
    if task.animated:
        raise NotOfferedError("resizes one frame; an animation needs a loop of one's own")
    if not formats(KINDS[task.format]):
        raise NotOfferedError(f"this ImageMagick writes no {KINDS[task.format]}")
    with Image(blob=source) as original:
        if len(original.sequence) > 1:
            with Image(original.sequence[0]) as first:
                return {box.name: _variant(first, box, task) for box in task.boxes}
        return {box.name: _variant(original, box, task) for box in task.boxes}


if __name__ == "__main__":
    number = f"{MAGICK_VERSION_NUMBER >> 8}.{MAGICK_VERSION_NUMBER >> 4 & 15}.{MAGICK_VERSION_NUMBER & 15}"
    serve_rendering(_render, {"Wand": VERSION, "ImageMagick": number})

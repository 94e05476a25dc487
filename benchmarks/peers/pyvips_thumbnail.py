"""libvips through pyvips, as its documentation recommends.

`thumbnail_buffer` for each variant.

https://www.libvips.org/API/current/ctor.Image.thumbnail_buffer.html
"""

import pyvips

from benchmarks.peers.serving import Box, Task, serve_rendering


def _resized(source: bytes, box: Box, task: Task) -> "pyvips.Image":
    width, height = box.size
    options = {"crop": "centre"} if box.cover else {"size": "down"}
    return pyvips.Image.thumbnail_buffer(
        source, width, height=height, option_string="n=-1" if task.animated else "", **options
    )


def _variant(source: bytes, box: Box, task: Task) -> bytes:
    image = _resized(source, box, task)
    match task.format:
        case "jpg":
            return bytes(image.jpegsave_buffer(Q=task.quality, background=[255]))
        case "webp":
            return bytes(image.webpsave_buffer(Q=task.quality))
        case "avif":
            return bytes(image.heifsave_buffer(Q=task.quality, compression="av1"))
        case _:
            return bytes(image.pngsave_buffer())


def _render(source: bytes, task: Task) -> dict[str, bytes]:
    return {box.name: _variant(source, box, task) for box in task.boxes}


if __name__ == "__main__":
    pyvips.cache_set_max(0)  # the same image comes again and again here, and does not in life
    libvips = ".".join(str(pyvips.version(part)) for part in range(3))
    serve_rendering(_render, {"pyvips": pyvips.__version__, "libvips": libvips})

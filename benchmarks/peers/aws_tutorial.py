"""The handler of AWS's tutorial.

The upload to a file, then open, `thumbnail` and save to another, for each variant.
https://docs.aws.amazon.com/lambda/latest/dg/with-s3-tutorial.html
"""

import tempfile
from pathlib import Path

import pillow_heif
from PIL import Image, features

from benchmarks.peers.pillow_thumbnail import KINDS, resized, savable
from benchmarks.peers.serving import Box, NotOfferedError, Task, serve_rendering


def _resize_image(image_path: Path, resized_path: Path, box: Box, task: Task) -> None:
    with Image.open(image_path) as image:
        savable(resized(image, box), task).save(resized_path, KINDS[task.format], quality=task.quality)


def _render(source: bytes, task: Task) -> dict[str, bytes]:
    if task.animated:
        raise NotOfferedError("makes a still of the first frame")
    with tempfile.TemporaryDirectory() as folder:
        download = Path(folder) / "download"
        download.write_bytes(source)
        made = {}
        for box in task.boxes:
            upload = Path(folder) / f"resized-{box.name}"
            _resize_image(download, upload, box, task)
            made[box.name] = upload.read_bytes()
        return made


if __name__ == "__main__":
    pillow_heif.register_heif_opener()
    serve_rendering(_render, {"Pillow": str(features.version("pil")), "pillow-heif": pillow_heif.__version__})

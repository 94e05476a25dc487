"""Writes a PNG as HEIC, as a phone does.

`python -m benchmarks.images.heic_writer photograph.png photograph.heic`.
"""

import sys

import pillow_heif
from PIL import Image


def main() -> None:
    """Read the first argument, write the second."""
    pillow_heif.register_heif_opener()
    with Image.open(sys.argv[1]) as picture:
        picture.save(sys.argv[2], "HEIF", quality=80)


if __name__ == "__main__":
    main()

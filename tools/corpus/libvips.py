"""Decode a file with libvips: `python -m tools.corpus.libvips SOURCE PICTURE.png`."""

import sys

import pyvips


def main() -> None:
    """Read the one file, write the other."""
    source, written = sys.argv[1:]
    image = pyvips.Image.new_from_file(source, access="sequential").copy_memory().autorot()
    if image.get_typeof("icc-profile-data"):
        image = image.icc_transform("srgb", embedded=True)
    image.colourspace("srgb").cast("uchar").pngsave(written, compression=1, keep="none")


if __name__ == "__main__":
    main()

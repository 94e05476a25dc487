"""JPEGs as Pillow gets them: piece by piece, so that none is copied, and whether all their blocks are there."""

import hashlib
from collections.abc import Sequence
from io import RawIOBase
from itertools import accumulate
from typing import IO, cast

from PIL import Image
from PIL.JpegImagePlugin import JpegImageFile

from resize.imaging.formats.jpeg_scans import NO_CODE, SOME_CODE, Jpeg

# Rows of a picture that are compared at once.
_ROWS = 256


class Pieces(RawIOBase):
    """A file that is read from several places in memory, one after the other."""

    def __init__(self, pieces: Sequence[memoryview]) -> None:
        self._pieces = [piece for piece in pieces if piece]
        self._ends = list(accumulate(len(piece) for piece in self._pieces))
        self._at = 0

    def readable(self) -> bool:
        """Say yes."""
        return True

    def seekable(self) -> bool:
        """Say yes."""
        return True

    def tell(self) -> int:
        """Give the position."""
        return self._at

    def seek(self, offset: int, whence: int = 0) -> int:
        """Go to a position."""
        size = self._ends[-1] if self._ends else 0
        self._at = max(0, offset + (0, self._at, size)[whence])
        return self._at

    def read(self, size: int = -1) -> bytes:
        """Read so many bytes, or all that are left: fewer only at the end."""
        parts, start = [], 0
        for piece, end in zip(self._pieces, self._ends, strict=True):
            if self._at < end and size != 0:
                part = piece[self._at - start :] if size < 0 else piece[self._at - start : self._at - start + size]
                parts.append(part)
                self._at += len(part)
                size -= len(part) if size > 0 else 0
            start = end
        return b"".join(parts)


def open_jpeg(jpeg: Jpeg) -> JpegImageFile:
    """Let Pillow read the header; if blocks of a file of one pass are missing, its pixels are truncated."""
    return _opened(jpeg.pieces())


def has_every_block(jpeg: Jpeg) -> bool:
    """Decode a file to see whether the data of each scan reaches to its last block.

    What stands behind the data changes the picture only if the data does not: a half of the picture's size will do.
    """
    if jpeg.missing or (jpeg.has_one_pass and not _reaches_the_last_block(jpeg)):
        return False
    return not jpeg.is_odd or _digest(jpeg.pieces_with(NO_CODE)) == _digest(jpeg.pieces_with(SOME_CODE))


def _reaches_the_last_block(jpeg: Jpeg) -> bool:
    with _opened(jpeg.pieces()) as image:
        image.draft(None, (1, 1))
        try:
            image.load()
        except OSError:
            return False
    return True


def _opened(pieces: Sequence[memoryview]) -> JpegImageFile:
    return cast("JpegImageFile", Image.open(cast("IO[bytes]", Pieces(pieces)), formats=["JPEG"]))


def _digest(pieces: Sequence[memoryview]) -> bytes:
    digest = hashlib.sha256()
    with _opened(pieces) as image:
        image.draft(None, (-(-image.width // 2), -(-image.height // 2)))
        for top in range(0, image.height, _ROWS):
            digest.update(image.crop((0, top, image.width, min(image.height, top + _ROWS))).tobytes())
    return digest.digest()

"""Feed JPEGs to Pillow in pieces, and check their blocks."""

import hashlib
from io import RawIOBase
from itertools import accumulate
from typing import IO, Any, cast

from PIL import Image, ImageFile, _imaging
from PIL.JpegImagePlugin import JpegImageFile

from resize.imaging.formats.jpeg_scans import END_MARKER, Jpeg, Unit, missing_blocks

# Eight bits that are no code but the beginning of one, stuffed (T.81, F.1.2.3); and as many as libjpeg reads ahead.
_NO_CODE = b"\xff\0"
_AHEAD = _NO_CODE * 8

# Other bits behind the data, which show where they became a part of the last block.
_OTHER_AHEAD = bytes(range(0x11, 0xF1, 28))

# Rows of a picture that are compared at once.
_ROWS = 256

# How many of them a block may take one by one before it is seen to be unfinished: an end of band is followed by up to
# 1,000 bits that correct (libjpeg, MAX_CORR_BITS) at the end of a scan; a restart interval's end is looked at briefly.
_STEPS = 128
_STEPS_OF_RESTART = 1

_DECODER = "jpeg by units"


class Pieces(RawIOBase):
    """A file that is read from several places in memory, one after the other."""

    def __init__(self, jpeg: Jpeg, ahead: bytes = _AHEAD) -> None:
        self.jpeg = jpeg
        self.ahead = ahead
        self._pieces = [piece for piece in jpeg.pieces() if piece]
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


class UnitDecoder(ImageFile.PyDecoder):
    """Pillow's decoder of JPEG, given a file unit by unit straight from memory.

    Where a marker stands libjpeg makes up what is missing; where data just ends, it waits in the middle of a block, and
    takes no byte for which it does not see the block's end. With every block read it waits for a marker, and skips all
    that is none. So whether it takes bits that are no code says whether blocks are missing.
    """

    _pulls_fd = True

    def init(self, args: tuple[Any, ...]) -> None:
        """Make Pillow's own, which no public name gives.

        The JPEGs of any test fail without it.
        """
        self._decoder = _imaging.jpeg_decoder(self.mode, *args)

    def setimage(self, im: "_imaging.ImagingCore", extents: tuple[int, int, int, int] | None = None) -> None:
        """Take the picture to write."""
        super().setimage(im, extents)
        self._decoder.setimage(im, extents)

    def decode(self, buffer: "Image.DecoderInput") -> tuple[int, int]:  # noqa: ARG002 - reads from `fd`
        """Decode all of it.

        Raises:
            ImageRejectedError: CORRUPT where blocks are missing.
        """
        pieces = cast("Pieces", self.fd)
        jpeg = pieces.jpeg
        if jpeg.is_arithmetic:  # its decoder cannot wait, nor does a missing byte mean anything (T.81, D.2.6)
            return self._ended(jpeg.to_bytes())
        taken, error = self._decoder.decode(jpeg.before)
        for unit in jpeg.units() if taken >= 0 else ():
            taken, error = self._read(unit, pieces.ahead)
            if taken < 0:
                return taken, error
        return (taken, error) if taken < 0 else self._ended(END_MARKER)

    def _read(self, unit: Unit, ahead: bytes) -> tuple[int, int]:
        taken, error = self._decoder.decode(unit.piece)
        if taken < 0:
            return taken, error
        rest = bytes(unit.piece[taken:]) + ahead
        steps = _STEPS if unit.ends_scan else _STEPS_OF_RESTART
        for bits in (rest, *(_NO_CODE for _ in range(steps))):
            taken, error = self._decoder.decode(bits)
            if taken < 0:
                return taken, error
            if taken < len(bits):
                raise missing_blocks()
        return taken, error

    def _ended(self, last: bytes) -> tuple[int, int]:
        taken, error = self._decoder.decode(last)
        if taken >= 0:
            raise missing_blocks()
        return taken, error


Image.register_decoder(_DECODER, UnitDecoder)


def open_jpeg(jpeg: Jpeg, ahead: bytes = _AHEAD) -> JpegImageFile:
    """Let Pillow read the header.

    The pixels are rejected as CORRUPT when blocks of them turn out to be missing.
    """
    image = cast("JpegImageFile", Image.open(cast("IO[bytes]", Pieces(jpeg, ahead)), formats=["JPEG"]))
    image.tile = [tile._replace(codec_name=_DECODER) for tile in image.tile]
    return image


def check_every_block(jpeg: Jpeg) -> None:
    """Decode a file, smaller than it is, to see that every block is there.

    Without an end marker any bit may be missing: then what stands behind the data must make no difference.

    Raises:
        ImageRejectedError: CORRUPT.
    """
    if jpeg.has_end:
        with open_jpeg(jpeg) as image:
            image.draft(None, (1, 1))
            image.load()
    elif _digest(jpeg, _AHEAD) != _digest(jpeg, _OTHER_AHEAD):
        raise missing_blocks()


def _digest(jpeg: Jpeg, ahead: bytes) -> bytes:
    digest = hashlib.sha256()
    with open_jpeg(jpeg, ahead) as image:
        image.draft(None, (-(-image.width // 2), -(-image.height // 2)))
        for top in range(0, image.height, _ROWS):
            digest.update(image.crop((0, top, image.width, min(image.height, top + _ROWS))).tobytes())
    return digest.digest()

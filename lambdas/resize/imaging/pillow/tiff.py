"""Open a TIFF with Pillow, with our own directories.

Pillow's reader of TIFF takes some numbers for others (12 bits for 16, WhiteIsZero for BlackIsZero, the wrong byte order
of signed ones) and knows no big-endian BigTIFF; so what a picture's samples are is read by
`resize.imaging.formats.tiff_raster`, and libtiff, by Pillow's decoder of that name, only unpacks them.
"""

from io import BytesIO

from PIL import Image, ImageFile, ImagePalette

from resize.imaging.formats.tiff import Compression, Photometric
from resize.imaging.formats.tiff_raster import Raster, SampleFormat, raster_of
from resize.imaging.pillow import tiff_samples

# Pillow's mode and raw mode of what libtiff unpacks as it is, by photometric interpretation, bits, samples and opacity:
# none, associated or not. libtiff gives samples of more than a byte in the machine's order.
_NONE, _ASSOCIATED, _UNASSOCIATED = "none", "associated", "unassociated"
_AS_IT_IS = {
    (Photometric.WHITE_IS_ZERO, 1, 1, _NONE): ("1", "1;I"),
    (Photometric.WHITE_IS_ZERO, 2, 1, _NONE): ("L", "L;2I"),
    (Photometric.WHITE_IS_ZERO, 4, 1, _NONE): ("L", "L;4I"),
    (Photometric.WHITE_IS_ZERO, 8, 1, _NONE): ("L", "L;I"),
    (Photometric.BLACK_IS_ZERO, 1, 1, _NONE): ("1", "1"),
    (Photometric.BLACK_IS_ZERO, 2, 1, _NONE): ("L", "L;2"),
    (Photometric.BLACK_IS_ZERO, 4, 1, _NONE): ("L", "L;4"),
    (Photometric.BLACK_IS_ZERO, 8, 1, _NONE): ("L", "L"),
    (Photometric.BLACK_IS_ZERO, 8, 2, _UNASSOCIATED): ("LA", "LA"),
    (Photometric.BLACK_IS_ZERO, 16, 1, _NONE): ("I;16", "I;16N"),
    (Photometric.RGB, 8, 3, _NONE): ("RGB", "RGB"),
    (Photometric.RGB, 8, 4, _NONE): ("RGB", "RGBX"),
    (Photometric.RGB, 8, 4, _ASSOCIATED): ("RGBA", "RGBa"),
    (Photometric.RGB, 8, 4, _UNASSOCIATED): ("RGBA", "RGBA"),
    (Photometric.RGB, 16, 3, _NONE): ("RGB", "RGB;16N"),
    (Photometric.RGB, 16, 4, _NONE): ("RGB", "RGBX;16N"),
    (Photometric.RGB, 16, 4, _ASSOCIATED): ("RGBA", "RGBa;16N"),
    (Photometric.RGB, 16, 4, _UNASSOCIATED): ("RGBA", "RGBA;16N"),
    (Photometric.PALETTE, 1, 1, _NONE): ("P", "P;1"),
    (Photometric.PALETTE, 2, 1, _NONE): ("P", "P;2"),
    (Photometric.PALETTE, 4, 1, _NONE): ("P", "P;4"),
    (Photometric.PALETTE, 8, 1, _NONE): ("P", "P"),
    (Photometric.CMYK, 8, 4, _NONE): ("CMYK", "CMYK"),
    (Photometric.CMYK, 16, 4, _NONE): ("CMYK", "CMYK;16N"),
    (Photometric.CIELAB, 8, 3, _NONE): ("LAB", "LAB"),
}

# libtiff makes colors of luma and chroma, as four bytes; libjpeg as three.
_BY_LIBTIFF, _BY_LIBJPEG = ("RGB", "RGBX"), ("RGB", "RGB")


class TiffFile(ImageFile.StubImageFile):
    """A TIFF's first picture as it is stored, not turned.

    Its pixels are decoded when they are loaded.
    """

    format = "TIFF"

    def __init__(self, source: bytes) -> None:
        """Read the header.

        Raises:
            ImageRejectedError: CORRUPT or UNSUPPORTED.
        """
        self.raster = raster_of(source)
        self._handler = self._decoder = _Decoder(self.raster)
        super().__init__(BytesIO(source))

    @property
    def held_bytes(self) -> int:
        """What the decoder keeps beside the picture that it gives, at most."""
        raster = self.raster
        if self._decoder.is_whole:
            colored = 4 * raster.size.width * raster.rows if raster.photometric is Photometric.YCBCR else 0
            return raster.strip_bytes + colored
        return tiff_samples.held_bytes(raster)

    def _open(self) -> None:
        raster = self.raster
        self._mode, self._size = self._decoder.mode, raster.size
        if self._mode == "P":  # without it, Pillow cannot tell whether there is opacity
            self.palette = ImagePalette.raw("RGB", raster.palette)
        self.info = {"orientation": raster.orientation}
        if raster.profile and not self._decoder.applies_profile:
            self.info["icc_profile"] = raster.profile


class _Decoder(ImageFile.StubHandler):
    def __init__(self, raster: Raster) -> None:
        self._raster = raster
        self._modes = _modes_of(raster)
        if self._modes is None:
            tiff_samples.check(raster)

    @property
    def mode(self) -> str:
        """The mode of the picture that will be loaded."""
        return self._modes[0] if self._modes else tiff_samples.mode_of(self._raster)

    @property
    def is_whole(self) -> bool:
        """Whether libtiff and a raw mode of Pillow's are enough."""
        return self._modes is not None

    @property
    def applies_profile(self) -> bool:
        return self._modes is None and tiff_samples.applies_profile(self._raster)

    def open(self, im: ImageFile.StubImageFile) -> None:
        """Know all already."""

    def load(self, im: ImageFile.StubImageFile) -> Image.Image:
        picture = self._whole(*self._modes) if self._modes else tiff_samples.picture_of(self._raster)
        picture.info = im.info
        return picture

    def _whole(self, mode: str, raw: str) -> Image.Image:
        raster = self._raster
        source, at = raster.directory.source, raster.directory.at
        picture = Image.frombytes(mode, raster.size, source, "libtiff", raw, 0, at)
        if mode == "P":
            picture.putpalette(raster.palette)
        return picture


def _modes_of(raster: Raster) -> tuple[str, str] | None:
    if raster.photometric is Photometric.YCBCR:
        return _BY_LIBJPEG if raster.compression == Compression.JPEG and not raster.is_planar else _BY_LIBTIFF
    if raster.is_planar or raster.format is not SampleFormat.UNSIGNED:
        return None
    opacity = _NONE if raster.opacity is None else _ASSOCIATED if raster.is_associated else _UNASSOCIATED
    return _AS_IT_IS.get((raster.photometric, raster.bits, raster.samples, opacity))

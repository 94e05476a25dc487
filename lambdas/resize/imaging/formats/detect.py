"""Detect an image's format from its bytes, by allow-list."""

from enum import StrEnum

from contract.errors import Reason
from resize.errors import ImageRejectedError
from resize.imaging import limits
from resize.imaging.formats.bmp import is_bitmap
from resize.imaging.formats.isobmff import Brands, brands_of, presentation_of
from resize.imaging.formats.tiff import is_raw_photograph
from resize.imaging.variants import Format


class SourceFormat(StrEnum):
    """What an upload may be; nothing else reaches a decoder."""

    JPEG = "jpeg"
    PNG = "png"
    WEBP = "webp"
    GIF = "gif"
    TIFF = "tiff"
    BMP = "bmp"
    AVIF = "avif"
    HEIC = "heic"

    @property
    def decoder(self) -> str:
        """Pillow's name of the one decoder that may see these bytes."""
        return "HEIF" if self is SourceFormat.HEIC else self.name

    @property
    def kept_as(self) -> Format:
        """What "the source's format" means for an output.

        Itself, or the nearest that every browser shows. TIFF and BMP become PNG, which loses nothing either; HEIC
        becomes JPEG, being a camera's photograph.
        """
        return _KEPT_AS[self]


_KEPT_AS = {
    SourceFormat.JPEG: Format.JPEG,
    SourceFormat.PNG: Format.PNG,
    SourceFormat.WEBP: Format.WEBP,
    SourceFormat.GIF: Format.GIF,
    SourceFormat.TIFF: Format.PNG,
    SourceFormat.BMP: Format.PNG,
    SourceFormat.AVIF: Format.AVIF,
    SourceFormat.HEIC: Format.JPEG,
}

_SIGNATURES = {
    b"\xff\xd8\xff": SourceFormat.JPEG,
    b"\x89PNG\r\n\x1a\n": SourceFormat.PNG,
    b"GIF87a": SourceFormat.GIF,
    b"GIF89a": SourceFormat.GIF,
    b"II*\0": SourceFormat.TIFF,
    b"MM\0*": SourceFormat.TIFF,
    b"II+\0": SourceFormat.TIFF,  # BigTIFF
    b"MM\0+": SourceFormat.TIFF,
}

_WEBP_CHUNKS = frozenset({b"VP8 ", b"VP8L", b"VP8X"})

# Brands of ISO/IEC 23008-12 (HEIF, annex B) and of the AVIF specification, section 6.
_AVIF_BRANDS = frozenset({b"avif", b"avis"})
_HEIC_BRANDS = frozenset({b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs"})
# Which say that a file has images, and not in which format.
_CONTAINER_BRANDS = frozenset({b"mif1", b"mif2", b"msf1", b"miaf", b"MA1A", b"MA1B"})
# Whose header is not of boxes: libheif reads it, libavif does not yet.
_LOW_OVERHEAD = b"mif3"

# Coded pictures of HEIC: a file may be of both brands, for those who choose among several pictures.
_HEIC_ITEMS = frozenset({b"hvc1", b"lhv1"})

# The box that configures HEIC's decoder: what a file is that names no brand. libavif asks for one.
_HEVC = b"hvcC"


def identify(source: bytes) -> SourceFormat:
    """Name the format of an upload.

    Raises:
        ImageRejectedError: EMPTY without bytes, UNKNOWN_FORMAT unless a signature of the allow-list matches, and for
            raw photographs, which begin as a TIFF does; UNSUPPORTED for a kind of these formats that cannot be read.
    """
    if not source:
        raise ImageRejectedError(Reason.EMPTY, "the upload has no bytes")
    found = _by_signature(source) or _by_container(source)
    if found is SourceFormat.TIFF and is_raw_photograph(source):
        raise ImageRejectedError(Reason.UNKNOWN_FORMAT, "it is a camera's raw photograph, of which no picture is made")
    if found is None:
        allowed = ", ".join(SourceFormat)
        raise ImageRejectedError(Reason.UNKNOWN_FORMAT, f"its first bytes are those of none of {allowed}")
    return found


def _by_signature(source: bytes) -> SourceFormat | None:
    for signature, found in _SIGNATURES.items():
        if source.startswith(signature):
            return found
    return None


def _by_container(source: bytes) -> SourceFormat | None:
    if source[:4] == b"RIFF" and source[8:12] == b"WEBP" and source[12:16] in _WEBP_CHUNKS:
        return SourceFormat.WEBP
    if is_bitmap(source):
        return SourceFormat.BMP
    brands = brands_of(source)
    return _by_brand(source, brands) if brands else None


def _by_brand(source: bytes, brands: Brands) -> SourceFormat | None:
    """Name a file by its major brand; by the compatible ones if it shows an item, which no video does."""
    if brands.major == _LOW_OVERHEAD:
        if brands.minor in _HEIC_BRANDS:
            return SourceFormat.HEIC
        raise limits.unsupported("an image of the low-overhead format")
    if (found := _among(frozenset({brands.major}))) is not None:
        return found
    presentation = presentation_of(source)
    if not presentation.has_still:
        return _among(brands.compatible) if brands.major in _CONTAINER_BRANDS else None
    if presentation.item_types & _HEIC_ITEMS and brands.compatible & _HEIC_BRANDS:
        return SourceFormat.HEIC
    return _among(brands.compatible) or (SourceFormat.HEIC if _HEVC in presentation.codecs else None)


def _among(brands: frozenset[bytes]) -> SourceFormat | None:
    if brands & _AVIF_BRANDS:
        return SourceFormat.AVIF
    return SourceFormat.HEIC if brands & _HEIC_BRANDS else None

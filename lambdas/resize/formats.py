"""Which image format are these bytes? Told by their first bytes alone, from an allow-list."""

from enum import StrEnum

from resize.bmp import is_bitmap
from resize.errors import ImageRejectedError, Reason
from resize.variants import Format


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
        """What "the source's format" means for an output: itself, or the nearest that every browser shows.

        TIFF and BMP become PNG, which loses nothing either; HEIC becomes JPEG, being a camera's photograph.
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

# Where a raw photograph says that it is none of TIFF's business: Canon's CR2 begins as TIFF does.
_CANON_RAW = b"CR\x02"

_WEBP_CHUNKS = frozenset({b"VP8 ", b"VP8L", b"VP8X"})

# Brands of ISO/IEC 23008-12 (HEIF, annex B) and of the AVIF specification, section 6.
_AVIF_BRANDS = frozenset({b"avif", b"avis"})
_HEIC_BRANDS = frozenset({b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs"})
_CONTAINER_BRANDS = frozenset({b"mif1", b"msf1"})


def identify(source: bytes) -> SourceFormat:
    """Name the format of an upload.

    Raises:
        ImageRejectedError: EMPTY without bytes, UNKNOWN_FORMAT unless a signature of the allow-list matches.
    """
    if not source:
        raise ImageRejectedError(Reason.EMPTY, "the upload has no bytes")
    found = _by_signature(source) or _by_container(source)
    if found is None:
        allowed = ", ".join(SourceFormat)
        raise ImageRejectedError(Reason.UNKNOWN_FORMAT, f"its first bytes are those of none of {allowed}")
    return found


def _by_signature(source: bytes) -> SourceFormat | None:
    for signature, found in _SIGNATURES.items():
        if source.startswith(signature):
            return None if source[8:11] == _CANON_RAW and found is SourceFormat.TIFF else found
    return None


def _by_container(source: bytes) -> SourceFormat | None:
    if source[:4] == b"RIFF" and source[8:12] == b"WEBP" and source[12:16] in _WEBP_CHUNKS:
        return SourceFormat.WEBP
    if is_bitmap(source):
        return SourceFormat.BMP
    if source[4:8] == b"ftyp":
        return _by_brand(source)
    return None


def _by_brand(source: bytes) -> SourceFormat | None:
    major = source[8:12]
    end = min(int.from_bytes(source[:4], "big"), 256)
    brands = {major}
    if major in _CONTAINER_BRANDS:  # says "HEIF" only; the codec is among the compatible brands
        brands |= {source[at : at + 4] for at in range(16, end, 4)}
    if brands & _AVIF_BRANDS:
        return SourceFormat.AVIF
    if brands & _HEIC_BRANDS:
        return SourceFormat.HEIC
    return None

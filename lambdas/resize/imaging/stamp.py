"""Stamp a rendition's bytes with its event, outside the pixels.

S3's conditional writes compare ETags, and equal bytes have equal ETags. Were two uploads of the same picture to give
the same bytes, a writer that had seen the first could not tell that others came after it (A, B, A again). So every
rendition carries its event's sequencer where its format allows a remark.
"""

import binascii
import struct

from resize.imaging.variants import Format

_PNG_END = b"\x00\x00\x00\x00IEND\xaeB`\x82"
_GIF_TRAILER = b"\x3b"


def stamp(body: bytes, form: Format, mark: str) -> bytes:
    """Return the encoded image with `mark` inside as a remark.

    The mark is ASCII, up to 255 characters.
    """
    remark = mark.encode("ascii")
    match form:
        case Format.JPEG:
            return _stamp_jpeg(body, remark)
        case Format.PNG:
            return _stamp_png(body, remark)
        case Format.GIF:
            return _stamp_gif(body, remark)
        case Format.WEBP:
            return _stamp_webp(body, remark)
        case Format.AVIF:
            return _stamp_avif(body, remark)


def _stamp_jpeg(body: bytes, remark: bytes) -> bytes:
    """Insert a comment segment behind the start-of-image marker (ITU-T T.81, B.2.4.5)."""
    return body[:2] + b"\xff\xfe" + struct.pack(">H", len(remark) + 2) + remark + body[2:]


def _stamp_png(body: bytes, remark: bytes) -> bytes:
    """Insert an ancillary, private, safe-to-copy chunk before the last one (PNG 3rd edition, 5.4)."""
    chunk = b"drKm" + remark
    framed = struct.pack(">I", len(remark)) + chunk + struct.pack(">I", binascii.crc32(chunk))
    return body.removesuffix(_PNG_END) + framed + _PNG_END


def _stamp_gif(body: bytes, remark: bytes) -> bytes:
    """Insert a comment extension before the trailer (GIF89a, 24)."""
    return body.removesuffix(_GIF_TRAILER) + b"\x21\xfe" + bytes([len(remark)]) + remark + b"\x00" + _GIF_TRAILER


def _stamp_webp(body: bytes, remark: bytes) -> bytes:
    """Append an unknown chunk, which readers ignore, and count it in the file's size (RFC 9649, 2.3 and 2.7.1.6)."""
    chunk = b"drKm" + struct.pack("<I", len(remark)) + remark + b"\x00" * (len(remark) % 2)
    size = len(body) - 8 + len(chunk)
    return body[:4] + struct.pack("<I", size) + body[8:] + chunk


def _stamp_avif(body: bytes, remark: bytes) -> bytes:
    """Append a free-space box, whose content readers ignore (ISO/IEC 14496-12, 8.1.2)."""
    return body + struct.pack(">I", len(remark) + 8) + b"free" + remark

"""Where does a PNG keep its EXIF? Before or after its pixels: decoders tell of it too late, or never."""

_SIGNATURE_BYTES = 8
_FRAME_BYTES = 12


def exif_of(source: bytes) -> bytes:
    """Follow the chunks of a PNG to its EXIF (PNG 3rd edition, 5.3 and 11.3.4.5); empty if there is none."""
    at = _SIGNATURE_BYTES
    while at + _FRAME_BYTES <= len(source):
        length = int.from_bytes(source[at : at + 4], "big")
        if source[at + 4 : at + 8] == b"eXIf":
            return source[at + 8 : at + 8 + length]
        at += _FRAME_BYTES + length
    return b""

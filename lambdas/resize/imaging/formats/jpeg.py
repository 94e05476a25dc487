"""A JPEG's EXIF."""

import re

# The next marker of interest: not a stuffed byte (FF 00), not filling (FF FF), not a restart (FF D0 to D7), nor TEM.
_MARKER = re.compile(rb"\xff([\x02-\xcf\xd8-\xfe])")
_START_OF_IMAGE, _END_OF_IMAGE, _START_OF_SCAN = b"\xd8", b"\xd9", b"\xda"
_APP1 = b"\xe1"

# EXIF's identifier in a segment: a byte of filling follows, whatever it is.
_EXIF = b"Exif\0"


def exif_of(source: bytes) -> bytes:
    """Read the first EXIF before the pixels (CIPA DC-008, 4.7.2).

    Empty if there is none.
    """
    at = 0
    while (found := _MARKER.search(source, at)) and found[1] not in (_END_OF_IMAGE, _START_OF_SCAN):
        at = found.end()
        if found[1] == _START_OF_IMAGE:
            continue
        end = at + int.from_bytes(source[at : at + 2], "big")
        if found[1] == _APP1 and source.startswith(_EXIF, at + 2):
            return source[at + 2 + len(_EXIF) + 1 : end]
        at = end
    return b""

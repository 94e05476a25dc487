"""How many scans has a JPEG? Every scan passes over the whole picture, and a small file can have a thousand."""

import re

# The next marker of interest: not a stuffed byte (FF 00), not filling (FF FF), not a restart (FF D0 to D7), nor TEM.
_MARKER = re.compile(rb"\xff([\x02-\xcf\xd8-\xfe])")
_START_OF_IMAGE, _END_OF_IMAGE, _START_OF_SCAN = b"\xd8", b"\xd9", b"\xda"


def scans_of(source: bytes) -> int:
    """Count the scans that a decoder would pass over, without decoding (ITU-T T.81, annex B)."""
    scans, at = 0, 0
    while found := _MARKER.search(source, at):
        marker, at = found[1], found.end()
        if marker == _END_OF_IMAGE:
            break
        scans += marker == _START_OF_SCAN
        if marker != _START_OF_IMAGE:
            at += int.from_bytes(source[at : at + 2], "big")
    return scans

"""Read the EXIF orientation as Chromium does."""

import struct

_PREFIX = b"Exif\0\0"
_HEADERS = {b"II*\0": "<", b"MM\0*": ">"}
_ORIENTATION, _SHORT = 0x0112, 3
_UPRIGHT, _MOST = 1, 8
_ENTRY_BYTES = 12


def orientation_of(exif: bytes) -> int:
    """Read the orientation, 1 (upright) where the block does not say.

    It may be broken or say nothing (CIPA DC-008, 4.6.2 and 4.6.4). Only one SHORT of 1 to 8 counts, and of several the
    first: one of any other type turns nothing in Chromium.
    """
    exif = exif.removeprefix(_PREFIX)
    order = _HEADERS.get(exif[:4])
    if order is None:
        return _UPRIGHT
    at = int.from_bytes(exif[4:8], "little" if order == "<" else "big")
    count, begin = int.from_bytes(exif[at : at + 2], "little" if order == "<" else "big"), at + 2
    for entry in range(begin, min(begin + count * _ENTRY_BYTES, len(exif) - _ENTRY_BYTES + 1), _ENTRY_BYTES):
        tag, kind, values, orientation = struct.unpack_from(f"{order}HHIH", exif, entry)
        if (tag, kind, values) == (_ORIENTATION, _SHORT, 1) and _UPRIGHT <= orientation <= _MOST:
            return int(orientation)
    return _UPRIGHT

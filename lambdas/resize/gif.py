"""Does a GIF reach its end? Pillow takes the end of the bytes for the end of the animation, and loses frames."""

_SCREEN_BYTES = 13
_SCREEN_FLAGS = 10
_IMAGE_BYTES = 10
_IMAGE_FLAGS = 9


def reaches_its_end(source: bytes) -> bool:
    """Follow the blocks of a GIF to its trailer (GIF89a, section 12 and appendix A); False if the bytes end before."""
    at = _SCREEN_BYTES + _colour_table_bytes(source, _SCREEN_FLAGS)
    while at < len(source):
        match source[at : at + 1]:
            case b";":
                return True
            case b"!":
                at = _after_data(source, at + 2)
            case b",":
                colours = _colour_table_bytes(source, at + _IMAGE_FLAGS)
                at = _after_data(source, at + _IMAGE_BYTES + colours + 1)
            case _:  # decoders skip what stands between blocks
                at += 1
    return False


def _colour_table_bytes(source: bytes, flags_at: int) -> int:
    flags = source[flags_at] if flags_at < len(source) else 0
    return 3 * (2 << (flags & 7)) if flags & 0x80 else 0


def _after_data(source: bytes, at: int) -> int:
    while at < len(source) and source[at] > 0:
        at += 1 + source[at]
    return at + 1

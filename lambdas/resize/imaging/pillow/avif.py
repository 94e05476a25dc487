"""Mend an AVIF for libavif, which refuses what browsers do not.

What is changed says nothing of the picture. Nothing moves, so that what points into the file stays right.
"""

from collections.abc import Callable

from resize.imaging.formats.isobmff import VERSION, IsoBox, boxes, first, item_entries, meta_of, number

# As many as seven bits can tell apart.
_MOST_MAPS = 128

# The type of boxes and items that everyone passes over.
_SKIPPED = b"skip"


def mended(source: bytes) -> bytes:
    """Give a file that libavif reads where browsers read this one."""
    return _without_groups(_without_exif(_with_maps_apart(source)))


def _with_maps_apart(source: bytes) -> bytes:
    """Give each `ipma` flags of its own, as libavif reads but one of a kind: browsers, and encoders, are not so strict.

    Bits of the flags beyond the first mean nothing (ISO/IEC 23008-12, 9.3.2).
    """
    if len(_maps(meta_of(source))) < 2:  # noqa: PLR2004 - nothing to tell apart
        return source
    changed = bytearray(source)
    for index, ipma in enumerate(_maps(meta_of(changed))):
        if len(ipma) >= VERSION and index < _MOST_MAPS:
            ipma[3] = index << 1 | ipma[3] & 1
    return bytes(changed)


def _maps(meta: memoryview) -> list[memoryview]:
    properties = first(boxes(meta), b"iprp")
    return [box.body for box in boxes(properties) if box.kind == b"ipma"] if properties is not None else []


def _without_exif(source: bytes) -> bytes:
    """Take from each Exif block its type: libavif refuses a picture for a fault in what only describes it.

    Browsers turn an AVIF by `irot` and `imir` alone, and decoders pass over items of a type that they do not know.
    """
    return _skipping(source, lambda meta: [entry.name for entry in item_entries(meta) if bytes(entry.name) == b"Exif"])


def _without_groups(source: bytes) -> bytes:
    """Take its type from a list of groups of which one says more than who is in it: libavif reads that as a group more.

    A group adds nothing to the picture that browsers show (ISO/IEC 14496-12, 8.15.3; 23008-12, 6.8).
    """

    def names(meta: memoryview) -> list[memoryview]:
        return [box.name for box in boxes(meta) if box.kind == b"grpl" and any(map(_says_more, boxes(box.body)))]

    return _skipping(source, names)


def _says_more(group: IsoBox) -> bool:
    """Whether there is anything behind a group's number, that of its entities, and theirs."""
    return len(group.body) > 3 * VERSION + 4 * number(group.body, 2 * VERSION, 3 * VERSION)


def _skipping(source: bytes, names: Callable[[memoryview], list[memoryview]]) -> bytes:
    """Rename boxes or items that are found by their names."""
    if not names(meta_of(source)):
        return source
    changed = bytearray(source)
    for name in names(meta_of(changed)):
        name[:] = _SKIPPED
    return bytes(changed)

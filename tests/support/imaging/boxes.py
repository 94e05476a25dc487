"""Rewrites the boxes of an AVIF or a HEIC (ISO/IEC 14496-12, 23008-12), as other encoders write them."""

import struct
from collections.abc import Callable, Iterator
from typing import NamedTuple

# The bit of a property's number that tells a decoder to refuse what it does not know.
_ESSENTIAL = 0x80


class Property(NamedTuple):
    """What is said of the primary item; `is_essential` asks decoders to refuse it if they do not know it."""

    kind: bytes
    body: bytes
    is_essential: bool = False


def box(kind: bytes, body: bytes) -> bytes:
    """A box."""
    return struct.pack(">I4s", 8 + len(body), kind) + body


def file_type(source: bytes, major: bytes, *compatible: bytes, minor: bytes = bytes(4)) -> bytes:
    """The same file under other brands."""
    length = int.from_bytes(source[:4], "big")
    brands = box(b"ftyp", major + minor + b"".join(compatible))
    return _moved(brands + source[length:], len(brands) - length)


def colors(source: bytes, primaries: int, transfer: int, matrix: int | None = None) -> bytes:
    """The same file with other code points in its first nclx."""
    changed = bytearray(source)
    at = changed.index(b"colrnclx") + 8
    changed[at : at + 4] = struct.pack(">HH", primaries, transfer)
    if matrix is not None:
        changed[at + 4 : at + 6] = struct.pack(">H", matrix)
    return bytes(changed)


def clean_aperture(width: int, height: int, twice_right: int, twice_down: int) -> Property:
    """A `clap`: how far its middle is from the picture's is told in halves."""
    body = struct.pack(">IIIIiIiI", width, 1, height, 1, twice_right, 2, twice_down, 2)
    return Property(b"clap", body, is_essential=True)


def with_properties(source: bytes, *properties: Property) -> bytes:
    """The same file with further properties of its first item, which is the primary one."""

    def grown(container: list[bytes], maps: list[_Map]) -> None:
        for each in properties:
            container.append(box(each.kind, each.body))
            maps[0].numbers.append(len(container) | (_ESSENTIAL if each.is_essential else 0))

    return _with_changed_properties(source, grown)


def with_two_maps(source: bytes, flags: int = 1) -> bytes:
    """The same file, each item but the first in a second `ipma`; flags of 0 are those of the first."""
    return _with_changed_properties(source, lambda _container, _maps: None, in_second_map=1, flags=flags)


def with_box_of_items(source: bytes, kind: bytes, body: bytes) -> bytes:
    """The same file with a box more among those of its items, in place of one of that kind."""
    start = source.index(b"meta") - 4
    end = start + int.from_bytes(source[start : start + 4], "big")
    others = b"".join(box(other, inner) for other, inner in _boxes(source[start + 12 : end]) if other != kind)
    meta = box(b"meta", source[start + 8 : start + 12] + others + box(kind, body))
    return _moved(source[:start] + meta + source[end:], len(meta) - (end - start))


class _Map(NamedTuple):
    """The numbers of an item's properties."""

    item: int
    numbers: list[int]


def _with_changed_properties(
    source: bytes,
    change: Callable[[list[bytes], list[_Map]], None],
    in_second_map: int | None = None,
    flags: int = 1,
) -> bytes:
    boxes = list(_boxes(source))
    meta = next(body for kind, body in boxes if kind == b"meta")
    iprp = next(body for kind, body in _boxes(meta[4:]) if kind == b"iprp")
    (_, ipco), (_, ipma) = _boxes(iprp)
    container, maps = [box(kind, body) for kind, body in _boxes(ipco)], list(_maps(ipma))
    change(container, maps)
    changed = box(b"ipco", b"".join(container)) + _ipma(maps[:in_second_map], 0)
    changed += _ipma(maps[in_second_map:], flags) if in_second_map else b""
    inner = b"".join(box(kind, changed if kind == b"iprp" else body) for kind, body in _boxes(meta[4:]))
    whole = b"".join(box(kind, meta[:4] + inner if kind == b"meta" else body) for kind, body in boxes)
    return _moved(whole, len(whole) - len(source))


def _maps(ipma: bytes) -> Iterator[_Map]:
    """Read an `ipma` of version 0, flags 0."""
    at = 8
    while at < len(ipma):
        count = ipma[at + 2]
        yield _Map(int.from_bytes(ipma[at : at + 2], "big"), list(ipma[at + 3 : at + 3 + count]))
        at += 3 + count


def _ipma(maps: list[_Map], flags: int) -> bytes:
    """Write an `ipma` of version 0: with flag 1, its numbers have 15 bits."""
    body = struct.pack(">II", flags, len(maps))
    for each in maps:
        wide = [(number & _ESSENTIAL) << 8 | number & ~_ESSENTIAL for number in each.numbers]
        body += struct.pack(">HB", each.item, len(each.numbers))
        body += struct.pack(f">{len(wide)}H", *wide) if flags else bytes(each.numbers)
    return box(b"ipma", body)


def _moved(source: bytes, by: int) -> bytes:
    """Tell `iloc` (version 0, of 4-byte numbers) that what it points to has moved."""
    changed = bytearray(source)
    at = changed.index(b"iloc") + 4
    base = changed[at + 5] >> 4
    (items,) = struct.unpack_from(">H", changed, at + 6)
    for item in range(items):
        place = at + 8 + (14 + base) * item + (4 if base else 6)
        (offset,) = struct.unpack_from(">I", changed, place)
        struct.pack_into(">I", changed, place, offset + by)
    return bytes(changed)


def _boxes(body: bytes) -> Iterator[tuple[bytes, bytes]]:
    at = 0
    while at < len(body):
        length, kind = struct.unpack_from(">I4s", body, at)
        yield kind, body[at + 8 : at + length]
        at += length

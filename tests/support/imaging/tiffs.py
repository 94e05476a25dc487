"""Builds TIFFs of any numbers, field by field, as no library writes them (TIFF 6.0; BigTIFF)."""

import struct
import zlib
from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

BYTE, ASCII, SHORT, LONG = 1, 2, 3, 4
_CODES = {BYTE: "B", ASCII: "B", SHORT: "H", LONG: "I", 6: "b", 8: "h", 9: "i", 16: "Q"}

# A field's type and values. The values of strips and tiles are their bytes, of sub-directories directories.
Fields: TypeAlias = Mapping[int, tuple[int, Sequence[Any]]]

STRIPS = 273
_OFFSETS_AND_COUNTS = {STRIPS: 279, 324: 325}
_SUB_DIRECTORIES = 330


def tiff(*directories: Fields, order: str = "II", big: bool = False) -> bytes:
    """A file of some directories, one after the other."""
    end = {"II": "<", "MM": ">"}[order]
    file = _File(bytearray(16 if big else 8), end, big)
    at = 0
    for fields in reversed(directories):
        at = file.directory(fields, at)
    header = struct.pack(end + "HHHQ", 43, 8, 0, at) if big else struct.pack(end + "HI", 42, at)
    file.body[: len(header) + 2] = order.encode() + header
    return bytes(file.body)


def picture(
    width: int,
    height: int,
    strips: bytes | Sequence[bytes],
    *,
    bits: int = 8,
    photometric: int = 1,
    samples: int = 1,
    **others: Sequence[int],
) -> dict[int, tuple[int, Sequence[Any]]]:
    """The fields of a picture without compression; `others` are further SHORT fields as t338=[2]."""
    data = [strips] if isinstance(strips, bytes) else strips
    fields: dict[int, tuple[int, Sequence[Any]]] = {
        256: (LONG, [width]),
        257: (LONG, [height]),
        258: (SHORT, [bits] * samples),
        259: (SHORT, [1]),
        262: (SHORT, [photometric]),
        273: (LONG, data),
        277: (SHORT, [samples]),
        278: (LONG, [height]),
    }
    return fields | {int(tag[1:]): (SHORT, values) for tag, values in others.items()}


def of_many_kinds() -> list[bytes]:
    """A small TIFF for each way that its samples have code of their own for."""
    row = bytes(range(96))
    tiles: dict[int, tuple[int, Sequence[Any]]] = {322: (SHORT, [16]), 323: (SHORT, [16]), 324: (LONG, [row * 12] * 2)}
    cut = {tag: field for tag, field in picture(24, 4, row, bits=10, photometric=2, samples=3).items() if tag != STRIPS}
    differences = zlib.compress(row * 10)
    return [
        tiff(picture(24, 4, differences, photometric=5, samples=5, t338=[2], t317=[2], t259=[8])),
        tiff(picture(24, 4, differences, bits=16, photometric=2, samples=5, t338=[1, 0], t317=[2], t259=[8])),
        tiff(picture(24, 4, [row * 2] * 3, bits=12, photometric=2, samples=3, t284=[2]), order="MM"),
        tiff(picture(24, 4, row * 12, bits=32, photometric=2, samples=3, t339=[3]), order="MM", big=True),
        tiff({**cut, **tiles}),
        tiff({**picture(24, 4, row, photometric=3), 320: (SHORT, [9] * 768)}),
        tiff(picture(24, 4, row * 3, photometric=6, samples=3, t530=[2, 2])),
        tiff(picture(24, 4, row * 4, photometric=8, samples=4, t338=[2])),
        tiff({**picture(24, 4, row), 330: (LONG, [picture(4, 4, row[:16])])}, picture(24, 4, row, t254=[1])),
    ]


class _File:
    def __init__(self, body: bytearray, end: str, big: bool) -> None:
        self.body, self._end, self._big = body, end, big

    def directory(self, fields: Fields, next_at: int) -> int:
        """Write a directory after what it points at, and say where it is."""
        packed = {tag: (kind, *self._packed(tag, kind, values)) for tag, (kind, values) in fields.items()}
        for offsets, counts in _OFFSETS_AND_COUNTS.items():
            if offsets in fields and counts not in fields:
                lengths = [len(data) for data in fields[offsets][1]]
                packed[counts] = (LONG, len(lengths), struct.pack(f"{self._end}{len(lengths)}I", *lengths))
        number, entry, pointer, width = ("Q", "HHQ", "Q", 8) if self._big else ("H", "HHI", "I", 4)
        entries = b""
        for tag, (kind, count, raw) in sorted(packed.items()):
            at = raw if len(raw) <= width else struct.pack(self._end + pointer, self._put(raw))
            entries += struct.pack(self._end + entry, tag, kind, count) + at.ljust(width, b"\0")
        directory = struct.pack(self._end + number, len(packed)) + entries
        return self._put(directory + struct.pack(self._end + pointer, next_at))

    def _packed(self, tag: int, kind: int, values: Sequence[Any]) -> tuple[int, bytes]:
        if tag in _OFFSETS_AND_COUNTS:
            values = [self._put(data) for data in values]
        elif tag == _SUB_DIRECTORIES:
            values = [self.directory(fields, 0) for fields in values]
        return len(values), struct.pack(f"{self._end}{len(values)}{_CODES[kind]}", *values)

    def _put(self, data: bytes) -> int:
        self.body += bytes(len(self.body) % 2)
        at = len(self.body)
        self.body += data
        return at

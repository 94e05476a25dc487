"""Builds TIFFs of any numbers, field by field, as no library writes them (TIFF 6.0; BigTIFF)."""

import struct
from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

BYTE, ASCII, SHORT, LONG = 1, 2, 3, 4
_CODES = {BYTE: "B", ASCII: "B", SHORT: "H", LONG: "I", 6: "b", 8: "h", 9: "i", 16: "Q"}

# A field's type and values. The values of strips and tiles are their bytes, of sub-directories directories.
Fields: TypeAlias = Mapping[int, tuple[int, Sequence[Any]]]

_OFFSETS_AND_COUNTS = {273: 279, 324: 325}
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

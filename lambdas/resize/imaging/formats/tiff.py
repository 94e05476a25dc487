"""Parse a TIFF's directories.

Sources: TIFF 6.0; Adobe's technical notes 1 to 3; BigTIFF as libtiff specifies it; DNG 1.7; TIFF/EP (ISO 12234-2).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import Literal, TypeAlias

ByteOrder: TypeAlias = Literal["little", "big"]


class Tag(IntEnum):
    """The fields that are read: TIFF 6.0, appendix A."""

    NEW_SUBFILE_TYPE = 254
    SUBFILE_TYPE = 255
    WIDTH = 256
    LENGTH = 257
    BITS_PER_SAMPLE = 258
    COMPRESSION = 259
    PHOTOMETRIC = 262
    FILL_ORDER = 266
    STRIP_OFFSETS = 273
    ORIENTATION = 274
    SAMPLES_PER_PIXEL = 277
    ROWS_PER_STRIP = 278
    STRIP_BYTE_COUNTS = 279
    PLANAR_CONFIGURATION = 284
    PREDICTOR = 317
    COLOR_MAP = 320
    TILE_WIDTH = 322
    TILE_LENGTH = 323
    TILE_OFFSETS = 324
    TILE_BYTE_COUNTS = 325
    SUB_DIRECTORIES = 330
    INK_SET = 332
    EXTRA_SAMPLES = 338
    SAMPLE_FORMAT = 339
    JPEG_TABLES = 347
    ICC_PROFILE = 34675


class Photometric(IntEnum):
    """What the samples of a pixel are."""

    WHITE_IS_ZERO = 0
    BLACK_IS_ZERO = 1
    RGB = 2
    PALETTE = 3
    CMYK = 5
    YCBCR = 6
    CIELAB = 8


class Compression(IntEnum):
    """How strips and tiles are packed, where it matters beyond unpacking."""

    NONE = 1
    CCITT_RLE = 2
    CCITT_G3 = 3
    CCITT_G4 = 4
    OLD_JPEG = 6
    JPEG = 7


CCITT = frozenset({Compression.CCITT_RLE, Compression.CCITT_G3, Compression.CCITT_G4, 32771})

_BIG_VERSION = 43

# The bytes of a value by its type: BYTE, ASCII, SHORT, LONG, RATIONAL, their signed kin, floats; BigTIFF's in the end.
_BYTES_OF_TYPE = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4, 16: 8, 17: 8, 18: 8}
_UNSIGNED = frozenset({1, 3, 4, 13, 16, 18})

# An honest directory has some twenty fields, a camera's a hundred.
_MOST_FIELDS = 4096
# How many directories are looked at for a raw photograph's: cameras write four or five.
_MOST_DIRECTORIES = 16
# Sensors of satellites have a dozen.
MOST_SAMPLES = 64

_REDUCED = 1  # NewSubfileType: a smaller copy of another picture of this file
_OLD_REDUCED = 2  # the same in SubfileType
_COLOR_FILTER_ARRAY, _LINEAR_RAW = 32803, 34892

# What only cameras and raw converters write: Sony's raw type, CFARepeatPatternDim and CFAPattern (TIFF/EP), Kodak's and
# Leaf's own, Hasselblad's image, DNGVersion, DNGPrivateData (Sony's SR2 has it too), Kodak's directory.
_RAW_TAGS = frozenset({28672, 33421, 33422, 33424, 34310, 46275, 50706, 50740, 65024})

# Packings of sensors' numbers: Kodak 262, 32867 and 65000, Sony 32767, packed 32769, Samsung 32770 and 32772,
# Nikon 34713, lossy DNG 34892 and 52546, Pentax 65535.
_RAW_COMPRESSIONS = frozenset({262, 32767, 32769, 32770, 32772, 32867, 34713, 34892, 52546, 65000, 65535})

# What follows TIFF's header in Canon's CR2, and in Phase One's IIQ in either byte order.
_RAW_MARKS = (b"CR\x02", b"IIII", b"MMMM")
_MARK_AT = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """A field as its directory has it.

    How many values of which type, and where in the file.
    """

    type: int
    count: int
    at: int

    @property
    def length(self) -> int:
        """How many bytes all values take."""
        return _BYTES_OF_TYPE[self.type] * self.count


@dataclass(frozen=True, slots=True, kw_only=True)
class Directory:
    """The fields of one picture.

    Numbers are read from the file when they are asked for.
    """

    source: bytes
    order: ByteOrder
    is_big: bool
    at: int
    next_at: int
    fields: Mapping[int, Field]

    def numbers(self, tag: int, most: int = MOST_SAMPLES) -> tuple[int, ...]:
        """Read the first unsigned numbers of a field.

        None where it is missing or of another type.
        """
        field = self.fields.get(tag)
        if field is None or field.type not in _UNSIGNED:
            return ()
        size = _BYTES_OF_TYPE[field.type]
        values = self.source[field.at : field.at + size * min(field.count, most)]
        return tuple(
            int.from_bytes(values[at : at + size], self.order) for at in range(0, len(values) - size + 1, size)
        )

    def number(self, tag: int, otherwise: int = 0) -> int:
        """Read a field's first number."""
        return next(iter(self.numbers(tag, 1)), otherwise)

    def is_number(self, tag: int) -> bool:
        """Tell whether a field is missing, or has numbers that `numbers` reads."""
        field = self.fields.get(tag)
        return field is None or field.type in _UNSIGNED

    def content(self, tag: int) -> bytes:
        """Read a field's bytes."""
        field = self.fields.get(tag)
        return b"" if field is None else self.source[field.at : field.at + field.length]


def first_directory(source: bytes) -> Directory | None:
    """Read the directory of a TIFF's first picture, None where there is none."""
    order: ByteOrder = "little" if source[:2] == b"II" else "big"
    is_big = int.from_bytes(source[2:4], order) == _BIG_VERSION
    at = int.from_bytes(source[8:16] if is_big else source[4:8], order)
    return _directory_at(source, order, is_big, at)


def is_raw_photograph(source: bytes) -> bool:
    """Tell a camera's raw file from a TIFF that is a picture: both begin alike.

    The first picture of a raw file is a preview, or the sensor's numbers, which are no picture yet.
    """
    if source.startswith(_RAW_MARKS, _MARK_AT):
        return True
    first = first_directory(source)
    return first is not None and (_is_reduced(first) or any(map(_is_raw, _directories(first))))


def _is_reduced(directory: Directory) -> bool:
    return bool(directory.number(Tag.NEW_SUBFILE_TYPE) & _REDUCED or directory.number(Tag.SUBFILE_TYPE) == _OLD_REDUCED)


def _is_raw(directory: Directory) -> bool:
    return (
        not _RAW_TAGS.isdisjoint(directory.fields)
        or directory.number(Tag.PHOTOMETRIC) in (_COLOR_FILTER_ARRAY, _LINEAR_RAW)
        or directory.number(Tag.COMPRESSION) in _RAW_COMPRESSIONS
    )


def _directories(first: Directory) -> Iterator[Directory]:
    """Follow the chain of directories and those below each, every one once and no more than a file of a camera has."""
    seen, waiting = {first.at}, [first]
    while waiting:
        directory = waiting.pop(0)
        yield directory
        for at in (directory.next_at, *directory.numbers(Tag.SUB_DIRECTORIES, _MOST_DIRECTORIES)):
            if at in seen or len(seen) >= _MOST_DIRECTORIES:
                continue
            seen.add(at)
            found = _directory_at(directory.source, directory.order, directory.is_big, at)
            waiting += [found] if found else []


def _directory_at(source: bytes, order: ByteOrder, is_big: bool, at: int) -> Directory | None:  # noqa: FBT001 - as the header says
    count_bytes, field_bytes, value_bytes = (8, 20, 8) if is_big else (2, 12, 4)
    begin = at + count_bytes
    count = int.from_bytes(source[at:begin], order)
    if at < _MARK_AT or begin > len(source) or not 0 < count <= _MOST_FIELDS:
        return None
    fields: dict[int, Field] = {}
    for entry in range(begin, min(begin + count * field_bytes, len(source) - field_bytes + 1), field_bytes):
        tag, kind = (int.from_bytes(source[place : place + 2], order) for place in (entry, entry + 2))
        values_at = entry + field_bytes - value_bytes
        values = int.from_bytes(source[entry + 4 : values_at], order)
        if values * _BYTES_OF_TYPE.get(kind, 0) > value_bytes:
            pointed = int.from_bytes(source[values_at : values_at + value_bytes], order)
        else:
            pointed = values_at
        if kind in _BYTES_OF_TYPE:
            fields.setdefault(tag, Field(type=kind, count=values, at=pointed))
    end = begin + count * field_bytes
    next_at = int.from_bytes(source[end : end + value_bytes], order)
    return Directory(source=source, order=order, is_big=is_big, at=at, next_at=next_at, fields=fields)

"""Strip shared libraries of what is never loaded.

Debugging information, tables of symbols. A program loads of an ELF file what its program headers name, and nothing else
(gABI, chapters 4 and 5). Sections are for linkers and debuggers, and dlopen(3) does without their table.
"""

import struct
from pathlib import Path

# Of 64 bits, little-endian: both processors of Lambda. What is of another kind is left as it is.
_SIGNATURE = b"\x7fELF\2\1"
# Where the program headers are, their size and number; and of each where its segment is in the file, and how long.
_HEADER = struct.Struct("<32xQ14x2H6x")
_PROGRAM_HEADER = struct.Struct("<8xQ16xQ16x")
_OFFSET_OF_SECTIONS, _NUMBERS_OF_SECTIONS = slice(40, 48), slice(58, 64)


def strip_libraries(bundle: Path) -> None:
    """Strip every shared library below a folder."""
    for path in bundle.rglob("*.so*"):
        file = path.read_bytes()
        if file.startswith(_SIGNATURE):
            path.write_bytes(loaded_part(file))


def loaded_part(file: bytes) -> bytes:
    """Keep of an ELF file its headers and segments, each where it was.

    There are zeros between them. Zeros zip to nothing; to move the segments together would change every offset in them.
    """
    table, size, count = _HEADER.unpack_from(file)
    segments = [_PROGRAM_HEADER.unpack_from(file, table + index * size) for index in range(count)]
    kept = [(0, _HEADER.size), (table, table + count * size), *((start, start + length) for start, length in segments)]
    stripped = bytearray(max(end for _, end in kept))
    for start, end in kept:
        stripped[start:end] = file[start:end]
    stripped[_OFFSET_OF_SECTIONS] = bytes(8)
    stripped[_NUMBERS_OF_SECTIONS] = bytes(6)
    return bytes(stripped)

"""Read and write PNG chunks (PNG specification, third edition, 5.3)."""

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

SIGNATURE = b"\x89PNG\r\n\x1a\n"
END_CHUNK = b"\0\0\0\0IEND\xaeB`\x82"

_BEFORE = 8  # a chunk's length and type
_AFTER = 4  # its checksum
_MOST_BYTES = 2**31 - 1
_ANCILLARY = 0x20


@dataclass(frozen=True, slots=True)
class Chunk:
    """A chunk of a file: its type, and where its bytes begin and end.

    Beyond the file's end where that was cut.
    """

    source: bytes
    kind: bytes
    start: int
    end: int

    @property
    def begin(self) -> int:
        """Where the chunk itself begins, with its length."""
        return self.start - _BEFORE

    @property
    def next(self) -> int:
        """Where the next chunk begins."""
        return self.end + _AFTER

    @property
    def body(self) -> bytes:
        """Its bytes, as many as there are."""
        return self.source[self.start : self.end]

    @property
    def is_cut(self) -> bool:
        """Whether the file ends before it does."""
        return self.next > len(self.source)

    @property
    def is_critical(self) -> bool:
        """Whether no picture can be shown without it (5.4)."""
        return not self.kind[0] & _ANCILLARY

    @property
    def is_whole(self) -> bool:
        """Whether its checksum is right (5.5)."""
        seen = zlib.crc32(memoryview(self.source)[self.start - 4 : self.end])
        return not self.is_cut and seen == int.from_bytes(self.source[self.end : self.next], "big")


def chunks_of(source: bytes, at: int = len(SIGNATURE)) -> Iterator[Chunk]:
    """Follow the chunks of a file up to its end, or to a length that none can have."""
    while at + _BEFORE <= len(source):
        length = int.from_bytes(source[at : at + 4], "big")
        if length > _MOST_BYTES:
            return
        chunk = Chunk(source, source[at + 4 : at + 8], at + _BEFORE, at + _BEFORE + length)
        yield chunk
        at = chunk.next


def written(kind: bytes, body: bytes) -> bytes:
    """Write a chunk."""
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(body, zlib.crc32(kind)))

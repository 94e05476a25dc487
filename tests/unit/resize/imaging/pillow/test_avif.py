"""An AVIF is mended where libavif refuses what browsers show, and is left alone otherwise."""

import struct

import pytest

from resize.imaging.pillow.avif import mended
from support.imaging.boxes import box
from support.imaging.images import encoded, quadrants


@pytest.mark.parametrize(("version", "number"), [(b"\2", b"\0\7"), (b"\3", b"\0\0\0\7")])
def test_an_exif_block_loses_its_type_and_nothing_else(version: bytes, number: bytes) -> None:
    def file(kind: bytes) -> bytes:
        entry = box(b"infe", version + bytes(3) + number + bytes(2) + kind + b"Exif\0")
        return box(b"ftyp", b"avif") + box(b"meta", bytes(4) + box(b"iinf", bytes(4) + b"\0\1" + entry))

    assert mended(file(b"Exif")) == file(b"skip")
    assert mended(file(b"av01")) == file(b"av01")


@pytest.mark.parametrize("cut", range(0, 24, 3))
def test_an_entry_that_ends_too_soon_is_no_exif_block(cut: int) -> None:
    entry = box(b"infe", (b"\2" + bytes(3) + b"\0\7" + bytes(2) + b"Exif\0")[:cut])
    source = box(b"ftyp", b"avif") + box(b"meta", bytes(4) + box(b"iinf", bytes(4) + b"\0\1" + entry))

    assert len(mended(source)) == len(source)


def grouped(name: bytes, *groups: bytes) -> bytes:
    """A file with nothing but groups of its items."""
    return box(b"ftyp", b"avif") + box(b"meta", bytes(4) + box(b"hdlr", bytes(20)) + box(name, b"".join(groups)))


def group(kind: bytes, *more: bytes) -> bytes:
    """A group of two entities."""
    return box(kind, bytes(4) + struct.pack(">4I", 9, 2, 1, 3) + b"".join(more))


def test_groups_that_say_more_than_who_is_in_them_are_passed_over() -> None:
    pyramid = group(b"pymd", struct.pack(">6H", 512, 512, 1, 0, 1, 1))

    assert mended(grouped(b"grpl", group(b"altr"), pyramid)) == grouped(b"skip", group(b"altr"), pyramid)
    assert mended(grouped(b"grpl", group(b"altr"), group(b"ster"))) == grouped(b"grpl", group(b"altr"), group(b"ster"))


@pytest.mark.parametrize("cut", range(1, 40, 3))
def test_groups_that_end_too_soon_are_left_alone(cut: int) -> None:
    cut_off = grouped(b"grpl", group(b"altr")[:-cut])

    assert mended(cut_off) == cut_off


def test_what_libavif_reads_is_not_copied() -> None:
    source = encoded(quadrants(), "AVIF")

    assert mended(source) is source

"""EXIF's orientation counts where Chromium 156 counts it: what it painted of each of these was read by hand."""

import struct

import pytest

from resize.imaging.formats.exif import orientation_of
from resize.imaging.formats.jpeg import exif_of
from support.imaging.images import encoded, exif, picture_of, quadrants, rendered

SHORT = 3
CODES = {1: "B", 3: "H", 4: "I", 6: "b", 8: "h", 9: "i", 11: "f", 13: "I"}


def entry(value: int, kind: int = SHORT, count: int = 1, order: str = "<") -> bytes:
    return struct.pack(order + "HHI", 0x0112, kind, count) + struct.pack(order + CODES[kind], value).ljust(4, b"\0")


def block(*entries: bytes, order: str = "<", magic: int = 42) -> bytes:
    mark = b"II" if order == "<" else b"MM"
    return mark + struct.pack(order + "HIH", magic, 8, len(entries)) + b"".join(entries) + bytes(4)


def segment(content: bytes, identifier: bytes = b"Exif\0\0") -> bytes:
    body = identifier + content
    return b"\xff\xe1" + struct.pack(">H", 2 + len(body)) + body


def jpeg_with(*segments: bytes) -> bytes:
    plain = encoded(quadrants(40, 30), "JPEG")
    return plain[:2] + b"".join(segments) + plain[2:]


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("kind", CODES)
def test_an_orientation_counts_as_one_short_alone(kind: int, order: str) -> None:
    expected = 6 if kind == SHORT else 1

    assert orientation_of(block(entry(6, kind, order=order), order=order)) == expected


@pytest.mark.parametrize(
    ("exif_block", "expected"),
    [
        pytest.param(block(entry(6, count=2)), 1, id="two numbers"),
        pytest.param(block(entry(6, count=0)), 1, id="no number"),
        pytest.param(block(entry(0)), 1, id="0"),
        pytest.param(block(entry(9)), 1, id="9"),
        pytest.param(block(entry(9), entry(6)), 6, id="9, then 6"),
        pytest.param(block(entry(3), entry(6)), 3, id="3, then 6"),
        pytest.param(block(entry(3, 4), entry(6)), 6, id="a LONG, then 6"),
        pytest.param(block(entry(6), magic=43), 1, id="another magic number"),
        pytest.param(b"IM" + block(entry(6))[2:], 1, id="another byte order"),
        pytest.param(block(entry(6))[:-4], 6, id="nothing behind the entries"),
        pytest.param(block(entry(6))[:-6], 1, id="an entry that is cut off"),
        pytest.param(block(entry(6))[:8] + b"\xff\xff" + block(entry(6))[10:], 6, id="fewer entries than are told"),
        pytest.param(b"II*\0\xff\xff\xff\xff" + block(entry(6))[8:], 1, id="a directory beyond the end"),
        pytest.param(b"", 1, id="nothing"),
    ],
)
def test_a_strange_block_turns_as_in_chromium(exif_block: bytes, expected: int) -> None:
    assert orientation_of(exif_block) == expected


@pytest.mark.parametrize(
    ("segments", "expected"),
    [
        pytest.param([segment(block(entry(6)))], 6, id="one"),
        pytest.param([segment(block(entry(6))), segment(block(entry(3)))], 6, id="two"),
        pytest.param([segment(block(entry(6, 4))), segment(block(entry(3)))], 1, id="one that says nothing, and one"),
        pytest.param([segment(b"<x/>", b"http://ns.adobe.com/xap/1.0/\0"), segment(block(entry(3)))], 3, id="XMP, one"),
        pytest.param([segment(block(entry(3)), b"Exif\0\xff")], 3, id="with other filling"),
        pytest.param([segment(block(entry(3)), b"EXIF\0\0")], 1, id="of another name"),
        pytest.param([b"\xff\xff", segment(block(entry(3)))], 3, id="after filling"),
    ],
)
def test_the_first_exif_of_a_jpeg_counts(segments: list[bytes], expected: int) -> None:
    assert orientation_of(exif_of(jpeg_with(*segments))) == expected


@pytest.mark.parametrize("kind", CODES)
def test_both_engines_turn_a_jpeg_by_one_short_alone(kind: int) -> None:
    result = rendered(jpeg_with(segment(block(entry(6, kind)))))

    assert (result.width, result.height) == ((30, 40) if kind == SHORT else (40, 30))


def test_exif_behind_the_pixels_of_a_jpeg_turns_nothing() -> None:
    plain = encoded(quadrants(40, 30), "JPEG")

    assert exif_of(plain[:-2] + segment(block(entry(6))) + plain[-2:]) == b""


@pytest.mark.parametrize("lossless", [False, True])
def test_a_webp_is_not_turned_as_in_no_browser(lossless: bool) -> None:
    source = encoded(quadrants(40, 30), "WEBP", lossless=lossless, exif=exif(6))

    assert picture_of(source).size == (40, 30)

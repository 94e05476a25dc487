"""ISO boxes: what they say of the picture that is shown, and that no bytes make the parser fail or work for long."""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resize.imaging.color.cicp import Cicp
from resize.imaging.formats.isobmff import Presentation, brands_of, presentation_of
from resize.imaging.geometry import Size
from support.imaging.boxes import box, clean_aperture, colors, file_type, with_properties
from support.imaging.images import animation, encoded, quadrants

SEEDS = [
    with_properties(colors(encoded(quadrants(), "AVIF"), 9, 16), clean_aperture(48, 32, -16, -16)),
    animation("AVIF", [quadrants(), quadrants().rotate(180)], [100, 200]),
]


def presentation(*properties: bytes, version: bytes = b"\0\0\0\0", item: bytes = b"\0\1") -> Presentation:
    """What is said of the first of an image's items by these properties, all of them."""
    numbers = bytes(range(1, len(properties) + 1))
    maps = box(b"ipma", bytes(4) + b"\0\0\0\1\0\1" + bytes([len(numbers)]) + numbers)
    container = box(b"iprp", box(b"ipco", b"".join(properties)) + maps)
    meta = box(b"meta", bytes(4) + box(b"pitm", version + item) + container)
    return presentation_of(box(b"ftyp", b"avif\0\0\0\0avif") + meta)


def test_code_points_are_those_of_the_first_nclx() -> None:
    profile, first = box(b"colr", b"prof" + bytes(128)), box(b"colr", b"nclx\0\x09\0\x10\0\x09\x80")

    said = presentation(profile, first, box(b"colr", b"nclx\0\1\0\x0d\0\6\x80"))
    assert said.cicp == Cicp(9, 16)


def test_the_properties_of_other_items_are_not_the_pictures() -> None:
    said = presentation(box(b"colr", b"nclx\0\x09\0\x10\0\x09\x80"), item=b"\0\2")

    assert (said.cicp, said.has_still) == (None, True)


def test_an_item_may_have_a_number_of_32_bits() -> None:
    said = presentation(box(b"colr", b"nclx\0\x0c\0\x0d\0\6\0"), version=b"\1\0\0\0", item=b"\0\0\0\1")

    assert said.cicp == Cicp(12, 13)


@pytest.mark.parametrize(
    ("flags", "bytes_of_pixel", "is_grey"),
    [(0x0C, 1.5, False), (0x08, 2, False), (0x00, 3, False), (0x40, 6, False), (0x4C, 3, False), (0x1C, 1, True)],
)
def test_av1_says_how_samples_are_coded(flags: int, bytes_of_pixel: float, *, is_grey: bool) -> None:
    samples = presentation(box(b"av1C", bytes((0x81, 0, flags, 0)))).samples

    assert samples is not None
    assert (samples.bytes_of_pixel, samples.is_grey) == (bytes_of_pixel, is_grey)


def test_a_box_may_have_a_length_of_64_bits_or_reach_to_the_end() -> None:
    source = encoded(quadrants(), "AVIF")
    start = source.index(b"meta") - 4
    length = int.from_bytes(source[start : start + 4], "big")
    body = source[start + 8 : start + length]

    wide = b"\0\0\0\1meta" + (16 + len(body)).to_bytes(8, "big") + body
    assert presentation_of(source[:start] + wide).cicp == Cicp(1, 13)
    assert presentation_of(source[:start] + b"\0\0\0\0meta" + body).cicp == Cicp(1, 13)


def test_brands_are_read_to_the_last() -> None:
    brands = brands_of(file_type(encoded(quadrants(), "AVIF"), b"mif1", *[b"xxxx"] * 500, b"avif"))

    assert brands is not None
    assert (brands.major, brands.compatible) == (b"mif1", frozenset({b"xxxx", b"avif"}))


def test_an_aperture_in_fractions_of_a_pixel_is_ignored() -> None:
    fractions = clean_aperture(48, 32, -16, -16).body
    aperture = presentation(box(b"clap", fractions[:7] + b"\5" + fractions[8:])).aperture

    assert aperture is not None
    assert aperture.size_in(Size(64, 48)) == Size(64, 48)


@given(
    seed=st.sampled_from(SEEDS),
    changes=st.lists(st.tuples(st.integers(0, 1200), st.integers(0, 255)), max_size=12),
    end=st.integers(0, 1500),
)
def test_no_bytes_make_it_fail(seed: bytes, changes: list[tuple[int, int]], end: int) -> None:
    source = bytearray(seed)
    for at, value in changes:
        source[at % len(source)] = value

    said = presentation_of(bytes(source[:end]))
    if said.aperture:
        kept = said.aperture.size_in(Size(64, 48))
        assert 0 < kept.width <= 64
        assert 0 < kept.height <= 48


@pytest.mark.parametrize(
    "inner",
    [
        pytest.param(box(b"free", b"") * 2_000_000, id="millions of boxes"),
        pytest.param(box(b"iref", bytes(4) + box(b"dimg", bytes(16_000_000))), id="millions of references"),
        pytest.param(box(b"ipma", b"\0\0\0\0\xff\xff\xff\xff" + b"\0\1\0" * 5_000_000), id="millions of properties"),
    ],
)
def test_no_file_keeps_it_busy(inner: bytes) -> None:
    meta = box(b"meta", bytes(4) + box(b"pitm", b"\0\0\0\0\0\1") + box(b"iprp", box(b"ipco", inner) + inner) + inner)

    assert presentation_of(box(b"ftyp", b"avif\0\0\0\0avif") + inner[:16_000_000] + meta).cicp is None


def item(number: int, kind: bytes, *, wide: bool = False) -> bytes:
    """What introduces an item."""
    return box(b"infe", struct.pack(">BxxxI" if wide else ">BxxxH", 3 if wide else 2, number) + bytes(2) + kind + b"\0")


def made_of(number: int, *parts: int, wide: bool = False, kind: bytes = b"dimg") -> bytes:
    """A reference of an item to others."""
    size = "I" if wide else "H"
    return box(kind, struct.pack(f">{size}H{len(parts)}{size}", number, len(parts), *parts))


def types_of(*entries: bytes, references: bytes = b"", wide: bool = False) -> frozenset[bytes]:
    """The types of what the item 1 is made of, it among them."""
    listed = box(b"iinf", bytes(4) + struct.pack(">H", len(entries)) + b"".join(entries))
    linked = box(b"iref", bytes([wide]) + bytes(3) + references)
    meta = box(b"meta", bytes(4) + box(b"pitm", b"\0\0\0\0\0\1") + listed + linked)
    return presentation_of(box(b"ftyp", b"heic\0\0\0\0heic") + meta).item_types


@pytest.mark.parametrize("wide", [False, True])
def test_a_picture_is_of_the_types_of_all_that_it_is_made_of(*, wide: bool) -> None:
    entries = [item(n, kind, wide=wide) for n, kind in [(1, b"grid"), (2, b"iden"), (3, b"hvc1"), (4, b"av01")]]
    references = made_of(1, 2, 2, wide=wide) + made_of(2, 3, wide=wide) + made_of(3, 4, wide=wide, kind=b"thmb")

    assert types_of(*entries, references=references, wide=wide) == {b"grid", b"iden", b"hvc1"}


def test_items_that_are_made_of_each_other_end() -> None:
    entries = [item(1, b"grid"), item(2, b"iovl")]

    assert types_of(*entries, references=made_of(1, 2) + made_of(2, 1)) == {b"grid", b"iovl"}


@pytest.mark.parametrize("cut", range(1, 22, 3))
def test_a_reference_that_ends_too_soon_names_what_it_has(cut: int) -> None:
    entries = [item(1, b"grid"), item(2, b"hvc1")]

    assert types_of(*entries, references=made_of(1, 2)[:-cut]) == {b"grid"}

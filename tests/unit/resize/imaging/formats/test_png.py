"""Chunks of a PNG: what is broken beside pixels costs nothing, broken pixels cost the image.

Every outcome expected here is Chromium 156's, unless it says otherwise.
"""

import struct
import tracemalloc
import zlib
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract.errors import Reason
from resize.errors import ImageRejectedError
from resize.imaging.formats.png import read_png
from support.imaging import hostile
from support.imaging.images import alpha_at, encoded, opened, picture_of, quadrants, rendered, rgb_at, variant
from support.imaging.pngs import (
    END,
    GREY,
    GREY_ALPHA,
    PALETTE,
    RGB,
    RGBA,
    SIGNATURE,
    account,
    animated,
    chunk,
    control,
    flat,
    frame,
    header,
    orientation,
    pixels,
    png,
    still,
)

pytestmark = pytest.mark.usefixtures("engine")

PIXEL = bytes((200, 80, 20))
ROWS = [PIXEL * 8] * 8
ANCILLARY = (b"tEXt", b"zTXt", b"iTXt", b"pHYs", b"gAMA", b"cHRM", b"sRGB", b"iCCP", b"cICP", b"tIME", b"bKGD", b"sBIT")
OTHERS = (b"tRNS", b"hIST", b"sPLT", b"eXIf", b"acTL", b"fcTL", b"abCd", b"a\0b!")


def file_of(*chunks: bytes, end: bytes = chunk(*END)) -> bytes:
    return SIGNATURE + b"".join(chunks) + end


def reason_of(source: bytes) -> Reason:
    with pytest.raises(ImageRejectedError) as refused:
        rendered(source)
    return refused.value.reason


def assert_painted(source: bytes) -> None:
    picture = picture_of(source)
    assert picture.size == (8, 8)
    assert picture.convert("RGBA").getcolors() == [(64, (*PIXEL, 255))]


@pytest.mark.parametrize("body", [b"", b"12", bytes(9), bytes(40)], ids=["empty", "short", "of 9 bytes", "long"])
@pytest.mark.parametrize("kind", [*ANCILLARY, *OTHERS], ids=repr)
def test_what_describes_may_be_broken_wherever_it_stands(kind: bytes, body: bytes) -> None:
    wrong, right = chunk(kind, body, checksum=1), chunk(kind, body)

    for broken in (wrong, right):
        assert_painted(file_of(header(8, 8), broken, still(PIXEL)))
        assert_painted(file_of(header(8, 8), still(PIXEL), broken))


def test_a_transparent_color_of_a_wrong_checksum_is_none() -> None:
    key = chunk(b"tRNS", struct.pack(">3H", *PIXEL), checksum=1)

    assert_painted(file_of(header(8, 8), key, still(PIXEL)))


@pytest.mark.parametrize("kind", [b"zTXt", b"iTXt", b"tEXt"])
def test_text_of_any_size_is_never_read(kind: bytes) -> None:
    text = b"Comment\0" + bytes(6) + zlib.compress(bytes(80_000_000), 9)
    assert_painted(flat(PIXEL, (kind, text)))
    assert_painted(png(ROWS, 8, after=[(kind, text)]))


def test_a_bomb_of_text_takes_no_memory() -> None:
    source = hostile.png_with_text_bomb(100)

    tracemalloc.start()
    read_png(source)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 100_000


@pytest.mark.parametrize(
    "source",
    [
        pytest.param(file_of(header(8, 8), still(PIXEL), chunk(b"ABCD", b"")), id="an unknown critical chunk"),
        pytest.param(file_of(header(8, 8), still(PIXEL), chunk(b"PLTE", bytes(6), checksum=1)), id="a broken palette"),
        pytest.param(file_of(header(8, 8), still(PIXEL), struct.pack(">I", 99_999) + b"tEXtabc"), id="a long chunk"),
        pytest.param(file_of(header(8, 8), still(PIXEL), end=b""), id="no end"),
        pytest.param(file_of(header(8, 8), still(PIXEL), end=chunk(b"IEND", b"xyz")), id="an end with data"),
        pytest.param(file_of(header(8, 8), still(PIXEL), end=chunk(b"IEND", b"", checksum=1)), id="a broken end"),
        pytest.param(file_of(header(8, 8), still(PIXEL)) + b"more" * 100, id="data after the end"),
        pytest.param(file_of(header(8, 8), chunk(b"IDAT", b""), still(PIXEL), chunk(b"IDAT", b"")), id="empty chunks"),
        pytest.param(file_of(header(8, 8), chunk(b"IDAT", pixels([*ROWS, *ROWS]))), id="too many rows"),
        pytest.param(file_of(header(8, 8), chunk(b"IDAT", pixels(ROWS) + b"garbage!")), id="data after the stream"),
    ],
)
def test_what_follows_the_pixels_costs_nothing(source: bytes) -> None:
    assert_painted(source)


@pytest.mark.parametrize(
    "source",
    [
        pytest.param(file_of(header(8, 8), chunk(b"ABCD", b""), still(PIXEL)), id="an unknown critical chunk"),
        pytest.param(file_of(header(8, 8)[:-1] + b"x", still(PIXEL)), id="a broken header"),
        pytest.param(file_of(chunk(b"IHDR", header(8, 8)[8:21] + b"\0"), still(PIXEL)), id="a long header"),
        pytest.param(file_of(chunk(b"tEXt", b"a\0b"), header(8, 8), still(PIXEL)), id="a late header"),
        pytest.param(file_of(header(8, 8), header(8, 8), still(PIXEL)), id="two headers"),
        pytest.param(file_of(header(0, 8), still(PIXEL)), id="no width"),
        pytest.param(file_of(header(8, 8, RGB, 5), still(PIXEL)), id="no such depth"),
        pytest.param(file_of(header(8, 8, 5), still(PIXEL)), id="no such colors"),
        pytest.param(file_of(header(8, 8), chunk(b"PLTE", bytes(6), checksum=1), still(PIXEL)), id="a broken palette"),
        pytest.param(file_of(header(8, 8), struct.pack(">I", 99_999) + b"tEXtabc", still(PIXEL)), id="a long chunk"),
        pytest.param(file_of(header(8, 8), struct.pack(">I", 2**32 - 9) + b"tEXtabc", still(PIXEL)), id="a huge chunk"),
        pytest.param(file_of(header(8, 8)), id="no pixels"),
        pytest.param(file_of(header(8, 8), chunk(b"IDAT", pixels(ROWS), checksum=1)), id="pixels of a wrong checksum"),
        pytest.param(file_of(header(8, 8), chunk(b"IDAT", pixels(ROWS[:4]))), id="half of the rows"),
        pytest.param(
            file_of(header(8, 8), chunk(b"IDAT", pixels(ROWS)[:9]), chunk(b"tEXt", b""), still(PIXEL)), id="text"
        ),
        pytest.param(file_of(header(8, 8, PALETTE), still(b"\0")), id="no palette"),
        pytest.param(flat(b"\0", (b"PLTE", bytes(300 * 3)), color_type=PALETTE), id="a palette of 300"),
        pytest.param(flat(b"\0", (b"PLTE", b""), color_type=PALETTE), id="an empty palette"),
        pytest.param(flat(b"\0", (b"PLTE", bytes(6)), (b"PLTE", bytes(6)), color_type=PALETTE), id="two palettes"),
    ],
)
def test_what_pixels_need_must_be_whole(source: bytes) -> None:
    assert reason_of(source) is Reason.CORRUPT


def test_pixels_that_are_cut_are_corrupt_and_never_half_a_picture() -> None:
    source = encoded(quadrants())
    at = source.index(b"IDAT")

    for length in range(at + 5, source.index(b"IEND") - 12, 7):
        assert reason_of(source[:length]) is Reason.CORRUPT


@pytest.mark.parametrize(
    ("bits", "row", "key", "opacities"),
    [
        pytest.param(1, b"\x55", 1, [255, 0, 255, 0], id="1 bit"),
        pytest.param(1, b"\x55", 255, [255] * 4, id="1 bit, beyond"),
        pytest.param(2, b"\x1b\x1b", 3, [255, 255, 255, 0], id="2 bits"),
        pytest.param(2, b"\x1b\x1b", 0x55, [255] * 4, id="2 bits, as 8 bits"),
        pytest.param(4, b"\x0f\x37\x0f\x37", 15, [255, 0, 255, 255], id="4 bits"),
        pytest.param(4, b"\x0f\x37\x0f\x37", 0x1F, [255] * 4, id="4 bits, beyond"),
        pytest.param(8, bytes(range(8)), 2, [255, 255, 0, 255], id="8 bits"),
        pytest.param(8, bytes(range(8)), 0x102, [255, 255, 0, 255], id="8 bits, the lower ones"),
        pytest.param(16, struct.pack(">8H", *range(0x8000, 0x8008)), 0x8002, [255, 255, 0, 255], id="16 bits"),
    ],
)
def test_a_grey_is_transparent_by_the_bits_of_a_sample(bits: int, row: bytes, key: int, opacities: list[int]) -> None:
    source = png([row] * 2, 8, (b"tRNS", struct.pack(">H", key)), color_type=GREY, bits=bits)

    picture = picture_of(source)
    plain = picture_of(png([row] * 2, 8, color_type=GREY, bits=bits))
    assert [alpha_at(picture, x) for x in range(4)] == opacities
    assert [rgb_at(picture, x) for x in range(4) if opacities[x]] == [
        rgb_at(plain, x) for x in range(4) if opacities[x]
    ]


@pytest.mark.parametrize(
    ("bits", "key", "opacity"),
    [
        (8, PIXEL, 0),
        (8, bytes((200, 80, 21)), 255),
        (16, b"\x80\xff", 0),
        (16, b"\x80\x01", 255),
        (16, b"\x81\xff", 255),
    ],
)
def test_a_color_is_transparent_by_all_bits_of_its_samples(bits: int, key: bytes, opacity: int) -> None:
    wanted = key * 3 if bits == 16 else b"".join(bytes((1, level)) for level in key)  # of which the upper are ignored

    picture = picture_of(flat(PIXEL if bits == 8 else b"\x80\xff" * 3, (b"tRNS", wanted), bits=bits))
    assert alpha_at(picture) == opacity
    assert not opacity or rgb_at(picture) == (PIXEL_OF[bits])


PIXEL_OF = {8: (200, 80, 20), 16: (128, 128, 128)}


@pytest.mark.parametrize("band", range(6))
def test_a_color_of_sixteen_bits_differs_by_any_byte(band: int) -> None:
    key = bytearray(b"\x80\xff" * 3)
    key[band] ^= 1

    assert alpha_at(picture_of(flat(b"\x80\xff" * 3, (b"tRNS", bytes(key)), bits=16))) == 255


@pytest.mark.parametrize(("color_type", "pixel"), [(GREY_ALPHA, b"\x07\xff"), (RGBA, PIXEL + b"\xff")])
def test_a_key_beside_an_opacity_counts_for_nothing(color_type: int, pixel: bytes) -> None:
    key = struct.pack(">3H", *(pixel[:1] * 3 if color_type == GREY_ALPHA else PIXEL))

    assert alpha_at(picture_of(flat(pixel, (b"tRNS", key), color_type=color_type))) == 255


@pytest.mark.parametrize(
    ("colors", "opacities", "expected"),
    [
        pytest.param(16, None, [255] * 8, id="none"),
        pytest.param(16, b"", [255] * 8, id="empty"),
        pytest.param(16, b"\x10\x20", [16, 32, *[255] * 6], id="fewer than colors"),
        pytest.param(4, b"\x10\x20", [16, 32, *[255] * 6], id="fewer than colors, which are few"),
        pytest.param(4, b"\x10\x20\x30\x40\x50\x60", [16, 32, 48, *[64] * 5], id="more than colors"),
        pytest.param(256, b"\x10" * 300, [255] * 8, id="more than there can be"),
    ],
)
def test_a_palette_has_the_opacities_of_its_colors(colors: int, opacities: bytes | None, expected: list[int]) -> None:
    palette = b"".join(bytes((index, 80, 20)) for index in range(colors))
    key = [] if opacities is None else [(b"tRNS", opacities)]

    picture = picture_of(png([bytes(range(8))] * 2, 8, (b"PLTE", palette), *key, color_type=PALETTE))
    assert [alpha_at(picture, x) for x in range(8)] == expected


def test_opacities_before_their_palette_count_for_nothing() -> None:
    chunks = [(b"tRNS", b"\0\0"), (b"PLTE", PIXEL * 2)]

    assert alpha_at(picture_of(flat(b"\0", *chunks, color_type=PALETTE))) == 255


@pytest.mark.parametrize("bits", [1, 2, 4, 8])
def test_an_index_beyond_the_palette_is_its_last_color(bits: int) -> None:
    row = b"\xff" * bits

    picture = picture_of(png([row] * 2, 8, (b"PLTE", bytes(3) + PIXEL), color_type=PALETTE, bits=bits))
    assert rgb_at(picture) == (200, 80, 20)


@pytest.mark.parametrize(("bits", "colors"), [(1, 4), (2, 8), (4, 20)])
def test_a_palette_may_have_more_colors_than_there_are_indexes(bits: int, colors: int) -> None:
    palette = PIXEL * 2**bits + bytes(3) * (colors - 2**bits)

    picture = picture_of(png([b"\xff" * bits] * 2, 8, (b"PLTE", palette), color_type=PALETTE, bits=bits))
    assert rgb_at(picture) == (200, 80, 20)


def test_a_key_holds_in_an_interlaced_picture() -> None:
    """A picture of 1 x 1 is its own first pass (8.2)."""
    parts = header(1, 1, GREY, 4, interlaced=True), chunk(b"tRNS", b"\0\x0f"), chunk(b"IDAT", pixels([b"\xf0"]))

    assert alpha_at(picture_of(file_of(*parts))) == 0


@pytest.mark.parametrize(
    ("chunks", "turned"),
    [
        pytest.param([orientation(6)], True, id="EXIF"),
        pytest.param([orientation(6), orientation(1)], True, id="the first of two"),
        pytest.param([(b"eXIf", b"Exif\0\0" + orientation(6)[1])], False, id="EXIF as JPEG has it"),
    ],
)
def test_exif_before_the_pixels_turns_the_picture(chunks: list[tuple[bytes, bytes]], turned: bool) -> None:
    picture = picture_of(png([PIXEL * 4] * 8, 4, *chunks))

    assert picture.size == ((8, 4) if turned else (4, 8))


def test_exif_that_is_broken_or_late_turns_nothing() -> None:
    broken = chunk(*orientation(6), checksum=1)
    narrow = chunk(b"IDAT", pixels([PIXEL * 4] * 8))

    assert picture_of(png([PIXEL * 4] * 8, 4, after=[orientation(6)])).size == (4, 8)
    assert picture_of(file_of(header(4, 8), broken, narrow)).size == (4, 8)


def test_an_ordinary_file_is_not_copied() -> None:
    plain = flat(PIXEL, (b"sRGB", b"\0"), (b"gAMA", struct.pack(">I", 45_455)), (b"pHYs", bytes(9)))

    assert read_png(plain).body is plain
    assert read_png(encoded(quadrants())).copied_bytes == 0


def test_a_still_of_an_animation_that_makes_no_sense_is_shown() -> None:
    assert_painted(animated(account(2), control(1), still(PIXEL), control(2), frame(3, b"\0\0\0")))


@given(st.binary(max_size=300), st.integers(0, 300))
def test_any_bytes_are_read_or_refused(noise: bytes, at: int) -> None:
    source = animated(account(2), control(0), still(PIXEL), control(1), frame(2, b"\0\0\0"))
    broken = source[:at] + noise + source[at + len(noise) :]

    assert_read_or_refused(broken)


def assert_read_or_refused(source: bytes) -> None:
    with suppress(ImageRejectedError):
        assert read_png(source).body.startswith(SIGNATURE)


def test_what_was_read_is_as_it_was_written() -> None:
    whole = rendered(encoded(quadrants()), variant(format=None)).renditions[0].body

    assert opened(read_png(whole).body).tobytes() == quadrants().tobytes()


def test_a_window_that_is_smaller_than_what_it_looks_back_to_costs_nothing() -> None:
    noise = [bytes((x * y * 7 + x + y * y) & 0xFF for x in range(24)) for y in range(30)] * 3
    wide = pixels(noise)
    narrow = chunk(b"IDAT", b"\x08\x1d" + wide[2:])

    shown = [picture_of(file_of(header(8, 90), body)).tobytes() for body in (chunk(b"IDAT", wide), narrow)]
    assert shown[0] == shown[1]


@pytest.mark.parametrize("checksum", [b"\0\0\0\0", b"\0", b""], ids=["wrong", "cut", "missing"])
def test_the_checksum_of_inflated_pixels_does_not_count(checksum: bytes) -> None:
    whole = encoded(quadrants())
    at = whole.index(b"IDAT")
    packed = whole[at + 4 : at + 4 + int.from_bytes(whole[at - 4 : at], "big")]

    source = whole[: at - 4] + chunk(b"IDAT", packed[:-4] + checksum) + chunk(*END)
    assert picture_of(source).tobytes() == quadrants().tobytes()


@pytest.mark.parametrize("height", [1, 2, 3, 8, 9])
@pytest.mark.parametrize("kind", ["rows in order", "interlaced"])
def test_a_whole_stream_of_too_few_rows_is_corrupt(kind: str, height: int) -> None:
    whole = hostile.png(8, height, interlaced=kind == "interlaced")
    at = whole.index(b"IDAT")
    every = zlib.decompress(whole[at + 4 : -16])

    assert picture_of(whole).size == (8, height)
    assert reason_of(whole[: at - 4] + chunk(b"IDAT", zlib.compress(every[:-1])) + chunk(*END)) is Reason.CORRUPT


def test_a_png_for_ios_is_unsupported() -> None:
    whole = flat(PIXEL)

    assert reason_of(SIGNATURE + chunk(b"CgBI", b"P\0 \2") + whole[len(SIGNATURE) :]) is Reason.UNSUPPORTED

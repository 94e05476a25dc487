"""BMP: every way to pack its pixels gives what Chromium 156 paints, which the numbers here were read from."""

import pytest

from contract.errors import Reason
from resize.errors import ImageRejectedError
from resize.imaging.variants import Format
from support.imaging.bitmaps import ALPHA_MASKS, MASKS, RLE4, RLE8, RLE24, USUAL_MASKS, bmp, numbers
from support.imaging.images import encoded, picture_of, quadrants, rendered, variant
from support.imaging.profiles import display_p3

pytestmark = pytest.mark.usefixtures("engine")

RED, BLUE, BLACK = (255, 0, 0, 255), (0, 0, 255, 255), (0, 0, 0, 255)
PALETTE = [RED[:3], BLUE[:3]]
OPACITY = 0xFF000000

Pixel = tuple[int, int, int, int]


def pixels_of(source: bytes) -> list[Pixel]:
    """Every pixel, from the upper left corner, row by row."""
    bands = picture_of(source).convert("RGBA").tobytes()
    return [(bands[at], bands[at + 1], bands[at + 2], bands[at + 3]) for at in range(0, len(bands), 4)]


def rejection_of(source: bytes) -> ImageRejectedError:
    with pytest.raises(ImageRejectedError) as rejected:
        rendered(source, variant(format=Format.PNG))
    return rejected.value


@pytest.mark.parametrize(
    ("bits", "masks", "number", "expected"),
    [
        pytest.param(16, (0x7C00, 0x3E0, 0x1F), 0x7C00 | 15, (255, 0, 123, 255), id="5, 5 and 5 bits"),
        pytest.param(16, (0xF800, 0x7E0, 0x1F), 0xF800 | 32 << 5, (255, 130, 0, 255), id="5, 6 and 5 bits"),
        pytest.param(16, (0xF00, 0xF0, 0xF), 0xF81, (255, 136, 17, 255), id="4, 4 and 4 bits"),
        pytest.param(16, (0xFF00, 0xF0, 0), 0x8080, (128, 136, 0, 255), id="8 and 4 bits, no blue"),
        pytest.param(
            16, (0b11 << 14, 0b111 << 11, 1), 0b01_010_000_0000_0001, (85, 73, 255, 255), id="2, 3 and 1 bits"
        ),
        pytest.param(32, (0x3FF << 20, 0x3FF << 10, 0x3FF), 0x200 << 20 | 0x3FF, (128, 0, 255, 255), id="10 bits each"),
        pytest.param(
            32, (0x7F << 25, 1 << 24, 0xFF << 13), 64 << 25 | 200 << 13, (129, 0, 200, 255), id="7, 1 and 8 bits"
        ),
        pytest.param(32, (0xFFFF, 0xFF00, 0xFF), 0x4080FF, (128, 128, 255, 255), id="masks that overlap"),
    ],
)
def test_masks_of_any_width_give_colors_of_eight_bits(
    bits: int, masks: tuple[int, int, int], number: int, expected: Pixel
) -> None:
    source = bmp((2, 2), bits, numbers([number] * 4, bits), packing=MASKS, masks=masks)

    assert all(abs(a - b) <= 1 for pixel in pixels_of(source) for a, b in zip(pixel, expected, strict=True))


@pytest.mark.parametrize(
    ("bits", "masks", "number", "expected"),
    [
        pytest.param(16, (0x7C00, 0x3E0, 0x1F, 0x8000), 0xFC00, (255, 0, 0, 255), id="1 bit, set"),
        pytest.param(16, (0x7C00, 0x3E0, 0x1F, 0x8000), 0x7C00, (0, 0, 0, 0), id="1 bit, not set"),
        pytest.param(16, (0xF00, 0xF0, 0xF, 0xF000), 0x8F00, (255, 0, 0, 136), id="4 bits"),
        pytest.param(32, (0x3FF, 0x3FF << 10, 0x3FF << 20, 3 << 30), 0x800003FF, (255, 0, 0, 170), id="2 bits"),
        pytest.param(32, (*USUAL_MASKS, OPACITY), 0x80FF0000, (255, 0, 0, 128), id="8 bits"),
    ],
)
@pytest.mark.parametrize("header", [56, 108, 124])
def test_a_mask_of_opacity_in_the_header_counts(
    bits: int, masks: tuple[int, int, int, int], number: int, expected: Pixel, header: int
) -> None:
    source = bmp((2, 2), bits, numbers([number] * 4, bits), packing=MASKS, masks=masks, header=header)

    assert set(pixels_of(source)) == {expected}


def test_masks_behind_the_header_have_opacity_if_the_packing_says_so() -> None:
    masks, pixels = (*USUAL_MASKS, OPACITY), numbers([0x80FF0000] * 4, 32)

    assert pixels_of(bmp((2, 2), 32, pixels, packing=ALPHA_MASKS, masks=masks))[0] == (255, 0, 0, 128)
    assert pixels_of(bmp((2, 2), 32, pixels, packing=MASKS, masks=masks[:3]))[0] == RED


def test_the_fourth_byte_of_a_plain_pixel_is_opacity_from_the_fourth_header_on() -> None:
    pixels, masks = numbers([0x80FF0000] * 4, 32), (*USUAL_MASKS, OPACITY)

    found = {header: pixels_of(bmp((2, 2), 32, pixels, header=header, masks=masks))[0] for header in (40, 56, 108, 124)}

    assert found == {40: RED, 56: RED, 108: (255, 0, 0, 128), 124: (255, 0, 0, 128)}


def test_opacity_that_is_nowhere_counts_as_it_is() -> None:
    pixels = numbers([0x00FF0000] * 4, 32)

    assert set(pixels_of(bmp((2, 2), 32, pixels, header=108, masks=(*USUAL_MASKS, OPACITY)))) == {(0, 0, 0, 0)}


@pytest.mark.parametrize(
    ("bits", "rows", "packing"),
    [
        pytest.param(8, bytes((3, 1, 1, 0, 0, 0, 0, 3, 1, 0, 1, 0, 0, 1)), RLE8, id="RLE8, with an odd run as it is"),
        pytest.param(4, bytes((3, 0x11, 1, 0, 0, 0, 0, 3, 0x10, 0x10, 0, 0, 0, 1)), RLE4, id="RLE4"),
    ],
)
def test_run_lengths_of_a_palette_are_unpacked(bits: int, rows: bytes, packing: int) -> None:
    upper, lower = (
        pixels_of(bmp((4, 2), bits, rows, packing=packing, palette=PALETTE, colors=2))[:3],
        [BLUE] * 3 + [RED],
    )

    assert upper == [BLUE, RED, BLUE]
    assert pixels_of(bmp((4, 2), bits, rows, packing=packing, palette=PALETTE, colors=2))[4:] == lower


def test_run_lengths_of_colors_are_unpacked_as_os2_writes_them() -> None:
    rows = bytes((2, 0, 0, 255, 0, 3, 1, 2, 3, 4, 5, 6, 7, 8, 9, 0, 0, 0, 4, 255, 0, 0, 0, 1))

    found = pixels_of(bmp((5, 2), 24, rows, packing=RLE24, header=64))

    assert found == [BLUE] * 4 + [BLACK, RED, RED, (3, 2, 1, 255), (6, 5, 4, 255), (9, 8, 7, 255)]


@pytest.mark.parametrize(
    "codes",
    [
        pytest.param((2, 1, 0, 1), id="the end of the picture"),
        pytest.param((2, 1, 0, 0, 0, 0), id="the ends of rows"),
        pytest.param((2, 1, 0, 2, 1, 0, 0, 1), id="pixels of the row"),
        pytest.param((2, 1, 0, 2, 0, 9), id="rows, and more than there are"),
    ],
)
def test_what_run_lengths_skip_is_black(codes: tuple[int, ...]) -> None:
    source = bmp((4, 2), 8, bytes(codes), packing=RLE8, palette=PALETTE, colors=2)

    assert pixels_of(source) == [BLACK] * 4 + [BLUE, BLUE, BLACK, BLACK]


@pytest.mark.parametrize("codes", [(9, 1), (0, 6, 1, 1, 1, 1, 1, 1)], ids=["repeated", "as they are"])
def test_pixels_that_do_not_fit_into_their_row_are_cut_off(codes: tuple[int, ...]) -> None:
    source = bmp((4, 2), 8, bytes((*codes, 0, 0, 4, 0, 0, 1)), packing=RLE8, palette=PALETTE, colors=2)

    assert pixels_of(source) == [RED] * 4 + [BLUE] * 4


def test_a_file_of_run_lengths_is_whole_with_every_row_though_nothing_says_that_it_ends() -> None:
    whole = bytes((2, 1, 0, 0, 2, 0))

    assert pixels_of(bmp((2, 2), 8, whole, packing=RLE8, palette=PALETTE, colors=2)) == [RED, RED, BLUE, BLUE]
    assert rejection_of(bmp((2, 2), 8, whole[:4], packing=RLE8, palette=PALETTE)).reason is Reason.CORRUPT


@pytest.mark.parametrize(("bits", "byte"), [(1, 0b0100_0000), (2, 0b00_01_00_00), (4, 0x01), (8, None)])
def test_a_color_that_a_palette_leaves_out_is_black_and_more_than_its_bits_can_tell_are_not_there(
    bits: int, byte: int | None
) -> None:
    row = bytes((0, 1, 9, 9)) if byte is None else bytes((byte, 0, 0, 0))
    whole = [RED[:3], BLUE[:3], *[(0, 0, 0)] * ((1 << bits) - 2)]

    assert pixels_of(bmp((2, 1), bits, row, palette=whole, colors=0x12345678)) == [RED, BLUE]
    assert pixels_of(bmp((2, 1), bits, row, palette=PALETTE, colors=2)) == [RED, BLUE]
    assert pixels_of(bmp((3, 1), 8, bytes((0, 1, 9, 0)), palette=PALETTE, colors=2)) == [RED, BLUE, BLACK]


@pytest.mark.parametrize("header", [16, 20, 24, 36, 40, 42, 46, 48, 52, 56, 60, 64, 108, 124])
def test_a_header_may_have_any_length_that_a_version_of_it_had(header: int) -> None:
    assert pixels_of(bmp((1, 1), 24, bytes((0, 0, 255, 0)), header=header)) == [RED]


@pytest.mark.parametrize("header", [40, 64, 124])
def test_a_height_below_zero_begins_at_the_top(header: int) -> None:
    rows = bytes((0, 0, 255, 0, 255, 0, 0, 0))

    assert pixels_of(bmp((1, 2), 24, rows, header=header)) == [BLUE, RED]
    assert pixels_of(bmp((1, -2), 24, rows, header=header)) == [RED, BLUE]


def test_masks_of_many_rows_keep_their_order() -> None:
    rows, masks = [row << 8 | 3 for row in range(700)], (0xF00, 0xF000 << 4, 0xF)
    pixels = numbers([number for number in rows for _ in range(600)], 32)

    falling = picture_of(bmp((600, 700), 32, pixels, packing=MASKS, masks=masks))
    rising = picture_of(bmp((600, -700), 32, pixels, packing=MASKS, masks=masks))

    expected = [(row % 16 * 17, row // 256 * 17, 51) for row in range(700)]
    assert [rising.getpixel((0, row)) for row in range(700)] == expected
    assert [falling.getpixel((599, 699 - row)) for row in range(700)] == expected


def test_an_embedded_profile_counts_and_one_that_is_only_linked_to_does_not() -> None:
    with_profile = bmp((1, 1), 24, bytes((60, 80, 200, 0)), header=124, profile=display_p3())
    expected = picture_of(encoded(picture_of(with_profile.replace(b"DEBM", b"KNIL")), "PNG", icc_profile=display_p3()))

    assert picture_of(with_profile).getpixel((0, 0)) == expected.getpixel((0, 0)) != (200, 80, 60)
    assert picture_of(with_profile.replace(b"DEBM", b"KNIL")).getpixel((0, 0)) == (200, 80, 60)
    assert picture_of(with_profile[:-9]).getpixel((0, 0)) == (200, 80, 60)


@pytest.mark.parametrize(
    ("bits", "packing"), [(64, 0), (0, 4), (0, 5), (24, 4), (1, 3), (4, 1), (8, 2), (24, 3), (32, 11)]
)
def test_what_no_browser_reads_is_unsupported(bits: int, packing: int) -> None:
    rejected = rejection_of(bmp((2, 2), bits, bytes(64), packing=packing))

    assert (rejected.reason, rejected.detail) == (
        Reason.UNSUPPORTED,
        f"a BMP of {bits} bits and compression {packing} is not read",
    )


@pytest.mark.parametrize(
    "source",
    [
        pytest.param(bmp((2, 2), 30_000, bytes(64)), id="bits that no pixel has"),
        pytest.param(bmp((-2, 2), 24, bytes(64)), id="a width below zero"),
        pytest.param(bmp((2, 0), 24, bytes(64)), id="no height"),
        pytest.param(bmp((2, 2), 24, bytes(64), header=124)[:100], id="a header that is cut short"),
        pytest.param(bmp((2, 2), 16, bytes(64), packing=MASKS, masks=(0xF0F, 0xF0, 0)), id="a mask with a gap"),
        pytest.param(
            bmp((2, 2), 16, bytes(64), packing=MASKS, masks=(0xF0000, 0xF0, 0xF)), id="a mask beyond its bits"
        ),
        pytest.param(bmp((2, 2), 24, bytes(8)), id="a row too few"),
        pytest.param(bmp((2, 2), 24, bytes(16)).replace(b"\x36\0\0\0", b"\x14\0\0\0", 1), id="pixels in the header"),
    ],
)
def test_what_makes_no_sense_is_corrupt(source: bytes) -> None:
    assert rejection_of(source).reason is Reason.CORRUPT


def test_the_padding_of_the_last_row_may_be_missing() -> None:
    rows = encoded(quadrants(6, 4), "BMP")

    assert picture_of(rows[:-2]).tobytes() == picture_of(rows).tobytes() == quadrants(6, 4).tobytes()

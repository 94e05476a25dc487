"""A TIFF's numbers come out for what they are, in both engines, or are refused as unsupported: TIFF 6.0."""

import struct
import zlib
from collections.abc import Sequence
from typing import Any

import pytest

from contract.errors import Reason
from resize.errors import ImageRejectedError
from support.imaging.images import picture_of
from support.imaging.tiffs import LONG, SHORT, picture, tiff

pytestmark = pytest.mark.usefixtures("engine")

WIDTH, HEIGHT = 24, 4
WHITE_IS_ZERO, BLACK_IS_ZERO, RGB, PALETTE, CMYK, YCBCR, CIELAB = 0, 1, 2, 3, 5, 6, 8
ASSOCIATED, UNASSOCIATED = 1, 2
DEFLATE = 8
ORDERS = {"II": "little", "MM": "big"}


def packed(samples: Sequence[int], bits: int, order: str = "II") -> bytes:
    """A row: samples of whole bytes in the file's order, others from the highest bit on, the rest of a byte filled."""
    if bits % 8 == 0:
        return b"".join(sample.to_bytes(bits // 8, ORDERS[order]) for sample in samples)  # type: ignore[arg-type]
    digits = "".join(f"{sample:0{bits}b}" for sample in samples)
    return int(digits.ljust(-(-len(digits) // 8) * 8, "0"), 2).to_bytes(-(-len(digits) // 8), "big")


def pixels(*colors: Sequence[int]) -> list[int]:
    """A row whose pixels have the colors in turns."""
    return [sample for at in range(WIDTH) for sample in colors[at % len(colors)]]


def source_of(
    colors: Sequence[Sequence[int]],
    bits: int,
    photometric: int,
    *,
    order: str = "II",
    big: bool = False,
    is_planar: bool = False,
    is_packed: bool = False,
    **others: Sequence[int],
) -> bytes:
    """A TIFF of some columns in turns."""
    samples = len(colors[0])
    bands = [[color[number] for color in colors] for number in range(samples)] if is_planar else [None]
    strips = []
    for band in bands:
        row = pixels(*colors) if band is None else [band[at % len(band)] for at in range(WIDTH)]
        strip = packed(row, bits, order) * HEIGHT
        strips.append(zlib.compress(strip) if is_packed else strip)
    others |= {"t284": [2]} if is_planar else {}
    others |= {"t259": [DEFLATE]} if is_packed else {}
    fields = picture(WIDTH, HEIGHT, strips, bits=bits, photometric=photometric, samples=samples, **others)
    return tiff(fields, order=order, big=big)


def columns(source: bytes, count: int, mode: str = "RGBA") -> list[Any]:
    shown = picture_of(source).convert(mode)
    return [shown.getpixel((at, HEIGHT - 1)) for at in range(count)]


def near(found: Sequence[Any], expected: Sequence[Any], within: int = 1) -> bool:
    flat = [(value,) if isinstance(value, int) else value for value in (*found, *expected)]
    pairs = zip(flat[: len(found)], flat[len(found) :], strict=True)
    return all(abs(a - b) <= within for one, other in pairs for a, b in zip(one, other, strict=True))


@pytest.mark.parametrize("is_packed", [False, True])
@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("photometric", [WHITE_IS_ZERO, BLACK_IS_ZERO])
@pytest.mark.parametrize("bits", [*range(1, 17), 24, 32])
def test_grays_of_every_depth(bits: int, photometric: int, order: str, is_packed: bool) -> None:
    most = (1 << bits) - 1
    values = [0, most, most // 3]
    source = source_of([[value] for value in values], bits, photometric, order=order, is_packed=is_packed)

    grays = [round(255 * value / most) for value in values]
    assert near(columns(source, 3, "L"), [255 - gray for gray in grays] if photometric == WHITE_IS_ZERO else grays)


@pytest.mark.parametrize("is_packed", [False, True])
@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("is_planar", [False, True])
@pytest.mark.parametrize("bits", [1, 2, 4, 7, 8, 10, 12, 14, 16, 24, 32])
def test_colors_of_every_depth_together_and_in_planes(bits: int, is_planar: bool, order: str, is_packed: bool) -> None:
    most = (1 << bits) - 1
    colors = [[most, 0, most // 3], [0, most // 3, most]]
    source = source_of(colors, bits, RGB, order=order, is_planar=is_planar, is_packed=is_packed)

    third = round(255 * (most // 3) / most)
    assert near(columns(source, 2, "RGB"), [(255, 0, third), (0, third, 255)])


@pytest.mark.parametrize("bits", [8, 16])
@pytest.mark.parametrize("is_planar", [False, True])
def test_four_inks_together_and_in_planes(bits: int, is_planar: bool) -> None:
    most = (1 << bits) - 1
    source = source_of([[0, most, most, 0], [0, 0, 0, most]], bits, CMYK, is_planar=is_planar)

    assert near(columns(source, 2, "RGB"), [(255, 0, 0), (0, 0, 0)], 3)


@pytest.mark.parametrize("bits", [8, 16])
@pytest.mark.parametrize("is_planar", [False, True])
@pytest.mark.parametrize(
    ("photometric", "color", "shown"),
    [
        pytest.param(BLACK_IS_ZERO, [1.0], (255, 255, 255), id="gray"),
        pytest.param(RGB, [1.0, 0.4, 0.0], (255, 102, 0), id="RGB"),
        pytest.param(CMYK, [0.0, 0.6, 1.0, 0.0], (255, 102, 0), id="CMYK"),
    ],
)
@pytest.mark.parametrize("kind", [0, ASSOCIATED, UNASSOCIATED])
def test_an_extra_sample_is_opacity_where_it_says_so(  # noqa: PLR0917 - each is a side of it
    kind: int, photometric: int, color: list[float], shown: tuple[int, ...], is_planar: bool, bits: int
) -> None:
    most, opacity = (1 << bits) - 1, 0.6
    held = [sample * opacity for sample in color] if kind == ASSOCIATED else color
    samples = [round(sample * most) for sample in (*held, opacity)]
    source = source_of([samples], bits, photometric, is_planar=is_planar, t338=[kind])

    assert near(columns(source, 1), [(*shown, 153 if kind else 255)], 3)


@pytest.mark.parametrize("is_planar", [False, True])
@pytest.mark.parametrize("kind", [0, UNASSOCIATED])
def test_cielab_with_an_extra_sample(kind: int, is_planar: bool) -> None:
    red_and_half = [138, 81, 70, 128]
    source = source_of([red_and_half], 8, CIELAB, is_planar=is_planar, t338=[kind])

    assert near(columns(source, 1), [(255, 0, 0, 128 if kind else 255)], 6)


def test_opacity_may_come_after_another_extra_sample() -> None:
    source = source_of([[200, 100, 50, 7, 128]], 8, RGB, t338=[0, UNASSOCIATED])

    assert near(columns(source, 1), [(200, 100, 50, 128)])


def test_an_index_with_opacity() -> None:
    fields = picture(
        WIDTH, HEIGHT, bytes([1, 128]) * WIDTH * HEIGHT, photometric=PALETTE, samples=2, t338=[UNASSOCIATED]
    )
    source = tiff({**fields, 320: (SHORT, [0, 65535] + [0] * 254 + [0, 32896] + [0] * 254 + [0] * 256)})

    assert near(columns(source, 1), [(255, 128, 0, 128)])


@pytest.mark.parametrize("bits", [1, 2, 3, 4, 8])
@pytest.mark.parametrize("scale", [1, 257])
def test_a_color_map_may_count_in_8_bits(scale: int, bits: int) -> None:
    entries = 1 << bits
    color_map = [0, 255 * scale, *[0] * (entries - 2), 0, 128 * scale, *[0] * (entries - 2), *[0] * entries]
    fields = picture(WIDTH, HEIGHT, packed(pixels([0], [1]), bits) * HEIGHT, bits=bits, photometric=PALETTE)

    assert near(columns(tiff({**fields, 320: (SHORT, color_map)}), 2, "RGB"), [(0, 0, 0), (255, 128, 0)])


def _floats(values: Sequence[float], bits: int) -> list[int]:
    code = {32: "f", 64: "d"}[bits]
    return [int.from_bytes(struct.pack(f">{code}", value), "big") for value in values]


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("is_packed", [False, True])
@pytest.mark.parametrize("photometric", [WHITE_IS_ZERO, BLACK_IS_ZERO])
@pytest.mark.parametrize("bits", [32, 64])
@pytest.mark.parametrize("values", [[0.0, 1.0, 0.5], [-10.0, 10.0, 0.0]], ids=["0 to 1", "another range"])
def test_floats_of_0_to_1_and_of_another_range(
    values: list[float], bits: int, photometric: int, is_packed: bool, order: str
) -> None:
    colors = [[number] for number in _floats(values, bits)]
    source = source_of(colors, bits, photometric, order=order, is_packed=is_packed, t339=[3])

    expected = [0, 255, 128] if photometric == BLACK_IS_ZERO else [255, 0, 127]
    assert near(columns(source, 3, "L"), expected)


@pytest.mark.parametrize("is_planar", [False, True])
def test_colors_of_floats_have_one_range(is_planar: bool) -> None:
    colors = [_floats([2.0, 1.0, 0.0], 32), _floats([0.0, 0.0, 0.5], 32)]
    source = source_of(colors, 32, RGB, is_planar=is_planar, t339=[3, 3, 3])

    assert near(columns(source, 2, "RGB"), [(255, 128, 0), (0, 0, 64)])


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("is_packed", [False, True])
@pytest.mark.parametrize(
    ("bits", "values", "expected"),
    [
        pytest.param(8, [0, 127, 64], [0, 127, 64], id="8 bits"),
        pytest.param(16, [0, 0x7FFF, 0x4000], [0, 127, 64], id="16 bits, as libtiff and libvips"),
        pytest.param(8, [-128, 127, 0], [0, 255, 128], id="8 bits, negative"),
        pytest.param(16, [-1000, 1000, 0], [0, 255, 128], id="16 bits, negative"),
        pytest.param(32, [-1000, 1000, 0], [0, 255, 128], id="32 bits, negative"),
    ],
)
def test_signed_numbers(bits: int, values: list[int], expected: list[int], is_packed: bool, order: str) -> None:
    colors = [[value % (1 << bits)] for value in values]

    source = source_of(colors, bits, BLACK_IS_ZERO, order=order, is_packed=is_packed, t339=[2])
    assert near(columns(source, 3, "L"), expected)


@pytest.mark.parametrize("bits", [8, 16, 32])
@pytest.mark.parametrize("order", ORDERS)
def test_differences_of_grays_are_added_up(order: str, bits: int) -> None:
    most = (1 << bits) - 1
    row = [most // 5, *[(most // 40 if at % 2 else -(most // 50)) % (1 << bits) for at in range(WIDTH - 1)]]
    strip = zlib.compress(packed(row, bits, order) * HEIGHT)
    fields = picture(WIDTH, HEIGHT, strip, bits=bits, t317=[2], t259=[DEFLATE])

    sums = [sum(row[: at + 1]) % (1 << bits) for at in range(WIDTH)]
    expected = [round(255 * value / most) for value in sums]
    assert near(columns(tiff(fields, order=order), WIDTH, "L"), expected, 2)


@pytest.mark.parametrize("is_tiled", [False, True])
@pytest.mark.parametrize("bits", [8, 16])
@pytest.mark.parametrize("order", ORDERS)
def test_differences_of_many_samples_are_added_up(order: str, bits: int, is_tiled: bool) -> None:
    across, most, modulo = 16 if is_tiled else WIDTH, (1 << bits) - 1, 1 << bits
    inks = [[(at * step) * most // 400 % modulo for step in (3, 5, 7, 2)] + [most] for at in range(2 * across)]
    parts = []
    for first in (0, across) if is_tiled else (0,):
        part = inks[first : first + across]
        before = [[0] * 5, *part[:-1]]
        row = [
            (one - other) % modulo
            for new, old in zip(part, before, strict=True)
            for one, other in zip(new, old, strict=True)
        ]
        parts.append(zlib.compress(packed(row, bits, order) * 16))
    fields: dict[int, Any] = picture(
        WIDTH, HEIGHT, parts, bits=bits, photometric=CMYK, samples=5, t317=[2], t259=[DEFLATE], t338=[UNASSOCIATED]
    )
    if is_tiled:
        fields |= {322: (SHORT, [16]), 323: (SHORT, [16]), 324: (LONG, fields.pop(273)[1])}
        del fields[278]

    same = source_of([ink[:4] for ink in inks[:WIDTH]], bits, CMYK)
    assert near(columns(tiff(fields, order=order), WIDTH), columns(same, WIDTH), 2)


@pytest.mark.parametrize("bits", [1, 4, 8, 12, 16, 32])
@pytest.mark.parametrize("samples", [1, 3])
def test_tiles(samples: int, bits: int) -> None:
    most = (1 << bits) - 1
    value = [[(at + number) * most // 40 for number in range(samples)] for at in range(32)]
    tiles = [packed([one for pixel in value[left : left + 16] for one in pixel], bits) * 16 for left in (0, 16)]
    fields: dict[int, Any] = picture(
        WIDTH, HEIGHT, tiles, bits=bits, photometric=RGB if samples > 1 else 1, samples=samples
    )
    fields |= {322: (SHORT, [16]), 323: (SHORT, [16]), 324: (LONG, fields.pop(273)[1])}
    del fields[278]

    expected = [tuple(round(255 * one / most) for one in (pixel * 3)[:3]) for pixel in value[:WIDTH]]
    assert near(columns(tiff(fields), WIDTH, "RGB"), expected)


@pytest.mark.parametrize("bits", [1, 4, 8, 12, 16])
def test_bits_may_come_from_the_lowest_on(bits: int) -> None:
    most = (1 << bits) - 1
    row = packed([0, most, most // 3] * (WIDTH // 3), bits)
    turned = bytes(int(f"{byte:08b}"[::-1], 2) for byte in row)

    source = tiff(picture(WIDTH, HEIGHT, turned * HEIGHT, bits=bits, t266=[2]))
    assert near(columns(source, 3, "L"), [0, 255, round(255 * (most // 3) / most)])


@pytest.mark.parametrize("rows", [1, 3, 2**32 - 1])
@pytest.mark.parametrize("bits", [8, 12, 16])
@pytest.mark.parametrize("is_planar", [False, True])
def test_strips_that_do_not_fill_the_picture(rows: int, bits: int, is_planar: bool) -> None:
    most = (1 << bits) - 1
    heights = [min(rows, HEIGHT - top) for top in range(0, HEIGHT, rows)]
    planes = [[color] * WIDTH for color in (most, 0, most // 3)] if is_planar else [[most, 0, most // 3] * WIDTH]
    strips = [packed(row, bits) * height for row in planes for height in heights]
    fields = picture(WIDTH, HEIGHT, strips, bits=bits, photometric=RGB, samples=3, t284=[2 if is_planar else 1])

    source = tiff({**fields, 278: (LONG, [rows])})
    assert near(columns(source, 2, "RGB"), [(255, 0, 85)] * 2)


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("bits", [8, 12, 16])
@pytest.mark.parametrize("is_planar", [False, True])
def test_a_big_tiff_in_either_byte_order(is_planar: bool, bits: int, order: str) -> None:
    most = (1 << bits) - 1
    source = source_of([[most, 0, most // 3]], bits, RGB, order=order, big=True, is_planar=is_planar)

    assert near(columns(source, 1, "RGB"), [(255, 0, 85)])


GRAY = bytes(WIDTH * HEIGHT)
UNSUPPORTED = {
    "64-bit integers": picture(WIDTH, HEIGHT, GRAY * 8, bits=64),
    "17 bits": picture(WIDTH, HEIGHT, GRAY * 3, bits=17),
    "16-bit floats": picture(WIDTH, HEIGHT, GRAY * 2, bits=16, t339=[3]),
    "complex numbers": picture(WIDTH, HEIGHT, GRAY * 8, bits=64, t339=[6]),
    "samples of different depths": {
        **picture(WIDTH, HEIGHT, GRAY * 2, photometric=RGB, samples=3),
        258: (SHORT, [5, 6, 5]),
    },
    "samples of different kinds": picture(WIDTH, HEIGHT, GRAY * 3, photometric=RGB, samples=3, t339=[1, 1, 3]),
    "16-bit indexes": {**picture(WIDTH, HEIGHT, GRAY * 2, bits=16, photometric=PALETTE), 320: (SHORT, [0] * 3 * 65536)},
    "six inks": picture(WIDTH, HEIGHT, GRAY * 6, photometric=CMYK, samples=6, t332=[2]),
    "three inks": picture(WIDTH, HEIGHT, GRAY * 3, photometric=CMYK, samples=3),
    "LogLuv": picture(WIDTH, HEIGHT, GRAY * 6, bits=16, photometric=32845, samples=3),
    "WebP's compression": picture(WIDTH, HEIGHT, GRAY, t259=[50001]),
    "LERC": picture(WIDTH, HEIGHT, GRAY, t259=[34887]),
    "JPEG 2000": picture(WIDTH, HEIGHT, GRAY, t259=[34712]),
    "JPEG of 12 bits": picture(WIDTH, HEIGHT, GRAY, bits=12, t259=[7]),
    "fax of colors": picture(WIDTH, HEIGHT, GRAY * 3, photometric=RGB, samples=3, t259=[4]),
    "luma and chroma of 16 bits": picture(WIDTH, HEIGHT, GRAY * 6, bits=16, photometric=YCBCR, samples=3),
    "a float predictor over colors": picture(
        WIDTH, HEIGHT, zlib.compress(GRAY * 12), bits=32, photometric=RGB, samples=3, t339=[3], t317=[3], t259=[DEFLATE]
    ),
    "an unknown predictor": picture(WIDTH, HEIGHT, zlib.compress(GRAY), t317=[9], t259=[DEFLATE]),
    "signed numbers with opacity": picture(WIDTH, HEIGHT, GRAY * 2, samples=2, t338=[2], t339=[2]),
    "CIELAB multiplied with opacity": picture(WIDTH, HEIGHT, GRAY * 4, photometric=CIELAB, samples=4, t338=[1]),
}


@pytest.mark.parametrize("fields", UNSUPPORTED.values(), ids=UNSUPPORTED)
def test_a_whole_tiff_that_is_not_read_is_unsupported(fields: dict[int, Any]) -> None:
    with pytest.raises(ImageRejectedError) as refused:
        picture_of(tiff(fields))

    assert refused.value.reason is Reason.UNSUPPORTED


WHOLE = picture(WIDTH, HEIGHT, GRAY)
DAMAGED = {
    "no size": tiff({256: (LONG, [WIDTH])}),
    "a side of 0": tiff({**WHOLE, 257: (LONG, [0])}),
    "fewer samples than colors": tiff({**WHOLE, 262: (SHORT, [RGB])}),
    "a color map of too few colors": tiff({**WHOLE, 262: (SHORT, [PALETTE]), 320: (SHORT, [0] * 30)}),
    "no color map": tiff({**WHOLE, 262: (SHORT, [PALETTE])}),
    "fewer strips than planes": tiff(picture(WIDTH, HEIGHT, GRAY * 3, photometric=RGB, samples=3, t284=[2])),
    "more rows than it has": tiff({**WHOLE, 257: (LONG, [400]), 278: (LONG, [400])}),
    "more rows of 12 bits than it has": tiff(picture(WIDTH, 400, GRAY, bits=12)),
    "planes of more rows than they have": tiff(
        picture(WIDTH, 400, [GRAY] * 3, bits=16, photometric=RGB, samples=3, t284=[2])
    ),
    "less than it packed": tiff(picture(WIDTH, HEIGHT, zlib.compress(GRAY)[:-6], bits=8, t259=[DEFLATE])),
    "less of 12 bits than it packed": tiff(picture(WIDTH, HEIGHT, zlib.compress(GRAY), bits=12, t259=[DEFLATE])),
    "a directory beyond the end": b"II*\0\xff\0\0\0" + bytes(8),
    "a header alone": b"II*\0",
}


@pytest.mark.parametrize("source", DAMAGED.values(), ids=DAMAGED)
def test_a_damaged_tiff_is_corrupt(source: bytes) -> None:
    with pytest.raises(ImageRejectedError) as refused:
        picture_of(source)

    assert refused.value.reason is Reason.CORRUPT


def test_the_first_picture_of_several_is_shown() -> None:
    dark, light = (picture(WIDTH, HEIGHT, bytes([gray]) * WIDTH * HEIGHT) for gray in (40, 200))

    assert columns(tiff(dark, light), 1, "L") == [40]

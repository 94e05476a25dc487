"""AVIF and HEIC: as Chromium shows them, in both engines, or a reason that is true.

Colors are what Chromium 156 paints of the same file, but where another source is named.
"""

import io
import struct
from itertools import pairwise

import pytest
from PIL import Image, ImageSequence
from PIL.ExifTags import Base

from contract.errors import Reason
from resize.errors import ImageRejectedError
from resize.imaging.variants import Format
from support.imaging.boxes import (
    Property,
    box,
    clean_aperture,
    colors,
    file_type,
    with_box_of_items,
    with_properties,
    with_two_maps,
)
from support.imaging.images import (
    animation,
    color_at,
    encoded,
    opened,
    picture_of,
    quadrants,
    quarters,
    rendered,
    sideways_heic,
    twelve_megapixels_heic,
    variant,
)
from support.imaging.profiles import linear_grey, swapped_primaries

pytestmark = pytest.mark.usefixtures("engine")

BRICK = (200, 80, 60)


def plain(color: tuple[int, ...] | int, mode: str = "RGB", **options: object) -> bytes:
    """An AVIF of one color."""
    usual = {"quality": 100, "subsampling": "4:0:0" if mode == "L" else "4:4:4"}
    return encoded(Image.new(mode, (64, 48), color), "AVIF", **usual | options)


def pixel(source: bytes) -> tuple[int, ...]:
    shown = picture_of(source).convert("RGBA").getpixel((20, 20))
    assert isinstance(shown, tuple)
    return shown[:3] if shown[3] == 255 else shown


def near(found: tuple[int, ...], expected: tuple[int, ...], within: int = 4) -> bool:
    return len(found) == len(expected) and all(abs(a - b) <= within for a, b in zip(found, expected, strict=True))


def reason_of(source: bytes) -> tuple[Reason, str]:
    with pytest.raises(ImageRejectedError) as refused:
        rendered(source)
    return refused.value.reason, refused.value.detail


@pytest.mark.parametrize("level", [0, 100, 255])
def test_grey_of_limited_range_is_as_dark_as_it_was(level: int) -> None:
    assert near(pixel(plain(level, "L", range="limited")), (level,) * 3)


def test_premultiplied_colors_are_divided_by_their_opacity() -> None:
    assert near(pixel(plain((200, 100, 50, 128), "RGBA", alpha_premultiplied=True)), (200, 100, 50, 128), within=6)


@pytest.mark.parametrize("range_", ["limited", "full"])
@pytest.mark.parametrize(("mode", "opacity"), [("L", ()), ("LA", (100,))])
def test_grey_goes_through_a_profile_of_grey(mode: str, opacity: tuple[int, ...], range_: str) -> None:
    grey = (128, *opacity) if opacity else 128
    found = pixel(plain(grey, mode, icc_profile=linear_grey(), range=range_, subsampling="4:0:0"))

    assert near(found, (188, 188, 188, *opacity))  # IEC 61966-2-1 of half the light


@pytest.mark.parametrize("mode", ["RGB", "RGBA"])
def test_a_clean_aperture_from_the_corner_is_all_that_is_shown(mode: str) -> None:
    source = with_properties(encoded(quadrants().convert(mode), "AVIF"), clean_aperture(48, 32, 48 - 64, 32 - 48))

    result = rendered(source)
    picture = opened(result.renditions[0].body)
    assert (result.width, result.height, picture.size) == (48, 32, (48, 32))
    assert [color_at(picture, 10, 10), color_at(picture, 40, 28)] == ["red", "white"]


@pytest.mark.parametrize("flags", [0, 1])
def test_properties_may_stand_in_two_maps(flags: int) -> None:
    source = colors(plain((*BRICK, 128), "RGBA"), 12, 13)
    both = with_two_maps(with_properties(source, clean_aperture(48, 32, 48 - 64, 32 - 48)), flags)

    assert picture_of(both).size == (48, 32)
    assert near(pixel(both), (216, 70, 49, 128), within=6)


@pytest.mark.parametrize(
    "aperture",
    [
        pytest.param(clean_aperture(32, 24, 0, 0), id="from elsewhere"),
        pytest.param(clean_aperture(65, 48, 1, 0), id="larger than the picture"),
        pytest.param(clean_aperture(0, 48, -64, 0), id="of nothing"),
    ],
)
def test_any_other_clean_aperture_is_ignored(aperture: Property) -> None:
    assert picture_of(with_properties(encoded(quadrants(), "AVIF"), aperture)).size == (64, 48)


def test_a_clean_aperture_is_cut_before_the_picture_is_turned() -> None:
    turned = Property(b"irot", b"\1", is_essential=True)  # by 90 degrees, anticlockwise
    source = with_properties(encoded(quadrants(), "AVIF"), clean_aperture(64, 24, 0, 24 - 48), turned)

    picture = picture_of(source)
    assert picture.size == (24, 64)
    assert quarters(picture) == ["lime", "lime", "red", "red"]


@pytest.mark.parametrize(
    ("primaries", "transfer", "expected"),
    [
        (12, 13, (216, 70, 49)),
        (9, 13, (244, 40, 49)),
        (9, 1, (244, 40, 49)),  # television's curve counts as sRGB's
        (9, 14, (244, 40, 49)),
        (6, 13, (195, 85, 58)),
        (1, 13, BRICK),
        (1, 6, BRICK),
        (2, 2, BRICK),
        (1, 8, (229, 153, 132)),
        (1, 4, (201, 80, 56)),
        (1, 5, (189, 57, 35)),
        (1, 16, (255, 31, 14)),
        (1, 18, (185, 64, 46)),
        (77, 13, BRICK),
    ],
)
def test_colors_are_what_their_code_points_say(primaries: int, transfer: int, expected: tuple[int, ...]) -> None:
    assert near(pixel(colors(plain(BRICK), primaries, transfer)), expected)


@pytest.mark.parametrize("transfer", [4, 8, 16, 18])
def test_colors_are_srgb_where_the_matrix_is_derived_from_primaries(transfer: int) -> None:
    """Chromium has no color space of such a matrix."""
    assert pixel(colors(plain(BRICK), 1, transfer, matrix=12)) == pixel(colors(plain(BRICK), 1, 13, matrix=12))


@pytest.mark.parametrize("matrix", [3, 10, 13, 14])
def test_a_matrix_that_the_decoder_lacks_is_unsupported(matrix: int) -> None:
    assert reason_of(colors(plain(BRICK), 1, 13, matrix)) == (Reason.UNSUPPORTED, "an AVIF of this matrix is not read")


@pytest.mark.parametrize("block", [b"\0", b"\xff", b"\0\0\0\0no TIFF at all"])
def test_a_broken_exif_block_costs_nothing(block: bytes) -> None:
    exif = Image.Exif()
    exif[Base.ImageDescription] = "A brick"
    whole, described = plain(BRICK, exif=exif), b"\0\0\0\6" + exif.tobytes()

    assert whole.count(described) == 1
    assert near(pixel(whole.replace(described, (block * len(described))[: len(described)])), BRICK)


def test_a_profile_outranks_code_points() -> None:
    source = plain((255, 0, 0), icc_profile=swapped_primaries())

    assert color_at(picture_of(colors(source, 9, 16)), 20, 20) == "lime"


@pytest.mark.parametrize("code_points", [(12, 13), (1, 16)])
def test_a_heic_has_the_colors_that_its_code_points_say(code_points: tuple[int, int]) -> None:
    """sRGB's lime is in P3 a greener one, which is clipped; PQ's white is what the brightest sRGB can be."""
    picture = picture_of(colors(sideways_heic(), *code_points))

    assert {"red", "lime", "blue", "white"} == set(quarters(picture))


# Chromium 156 on 16-bit PNG ramps with the same code points, by level of 255.
PQ_GREYS = {60: 26, 105: 85, 135: 150, 150: 193, 165: 221, 180: 242, 195: 255, 240: 255}
HLG_GREYS = {60: 39, 105: 79, 150: 122, 180: 166, 195: 194, 225: 229, 255: 255}


@pytest.mark.parametrize("primaries", [1, 9, 12])
@pytest.mark.parametrize(("transfer", "greys"), [(16, PQ_GREYS), (18, HLG_GREYS)], ids=["PQ", "HLG"])
def test_brightness_beyond_sdr_is_mapped_as_chromium_does(primaries: int, transfer: int, greys: dict[int, int]) -> None:
    for level, expected in greys.items():
        assert near(pixel(colors(plain((level,) * 3), primaries, transfer)), (expected,) * 3, within=6), level


@pytest.mark.parametrize("transfer", [16, 18])
def test_brightness_beyond_sdr_is_mapped_without_a_change_of_hue_or_a_step(transfer: int) -> None:
    ramp = Image.linear_gradient("L").rotate(90).resize((256, 16))
    source = colors(encoded(ramp.convert("RGB"), "AVIF", quality=100, subsampling="4:4:4"), 9, transfer)

    shown = picture_of(source).convert("RGB").crop((0, 8, 256, 9))
    red, green, blue = (band.tobytes() for band in shown.split())
    assert all(max(color) - min(color) <= 2 for color in zip(red, green, blue, strict=True))
    assert all(later >= earlier - 1 for earlier, later in pairwise(green if green[0] < green[-1] else green[::-1]))


@pytest.mark.parametrize(("brightest", "expected"), [(0, 193), (300, 246), (470, 229), (4000, 193), (65_535, 193)])
def test_brightness_beyond_sdr_is_bent_by_how_bright_the_file_says_it_gets(brightest: int, expected: int) -> None:
    said = Property(b"clli", struct.pack(">HH", brightest, 0))
    source = with_properties(colors(plain((150,) * 3), 9, 16), said)

    assert near(pixel(source), (expected,) * 3, within=6)


def test_red_beyond_sdr_stays_red() -> None:
    assert near(pixel(colors(plain((180, 0, 0)), 1, 16)), (248, 0, 0), within=8)


def test_an_avif_of_a_pyramid_is_shown() -> None:
    """`pymd` has more fields than other groups (ISO/IEC 23008-12)."""
    pyramid = box(b"pymd", bytes(4) + struct.pack(">4I6H", 9, 2, 1, 1, 512, 512, 1, 0, 1, 1))
    source = with_box_of_items(encoded(quadrants(), "AVIF"), b"grpl", pyramid)

    assert quarters(picture_of(source)) == quarters(quadrants())


BRANDS = [b"avif", b"mif1", b"miaf"]


@pytest.mark.parametrize("major", [b"mif1", b"mif2", b"miaf", b"MA1A", b"MA1B", b"iso8"])
def test_an_avif_by_its_compatible_brands_is_shown(major: bytes) -> None:
    assert quarters(picture_of(file_type(encoded(quadrants(), "AVIF"), major, *BRANDS))) == quarters(quadrants())


def test_brands_may_be_many() -> None:
    source = file_type(encoded(quadrants(), "AVIF"), b"mif1", *[b"xxxx"] * 200, *BRANDS)

    assert rendered(source).format == "avif"


@pytest.mark.parametrize(
    "brands", [(b"mif2", b"mif1", b"heic"), (b"mif2", b"mif1"), (b"msf1", b"hevc", b"heic"), (b"miaf", b"heic")]
)
def test_a_heic_by_its_compatible_brands_or_its_codec_is_shown(brands: tuple[bytes, ...]) -> None:
    result = rendered(file_type(sideways_heic(), *brands))

    assert (result.format, result.width, result.height) == ("heic", 64, 48)


def test_a_low_overhead_avif_is_unsupported() -> None:
    source = file_type(encoded(quadrants(), "AVIF"), b"mif3", minor=b"avif")

    assert reason_of(source)[0] is Reason.UNSUPPORTED


def test_a_sequence_in_hevc_without_a_picture_is_unsupported() -> None:
    sequence = animation("AVIF", [quadrants(), quadrants().rotate(180)], [100, 100])
    source = without_still(sequence).replace(b"ftypavis", b"ftyphevc")

    assert reason_of(source) == (Reason.UNSUPPORTED, "a sequence without a picture to show first is not read")


@pytest.mark.parametrize(
    ("source", "item", "said"),
    [
        (sideways_heic(), b"hvc1", "HEIC"),
        (encoded(quadrants(), "AVIF"), b"av01", "AVIF"),
    ],
    ids=["heic", "avif"],
)
@pytest.mark.parametrize("compression", [b"vvc1", b"j2k1", b"unci", b"jpeg", b"avc1", b"evc1", b"tmap"])
def test_a_picture_in_another_compression_than_its_files_is_unsupported(
    source: bytes, item: bytes, said: str, compression: bytes
) -> None:
    detail = f"a picture of type {compression.decode()} in {said} is not read"

    assert reason_of(source.replace(item, compression)) == (Reason.UNSUPPORTED, detail)


def test_a_type_that_is_no_word_is_not_told() -> None:
    source = encoded(quadrants(), "AVIF").replace(b"av01", b"\n\xff; ")

    assert reason_of(source) == (Reason.UNSUPPORTED, "a picture of an unknown type in AVIF is not read")


def test_a_file_of_both_brands_is_of_the_kind_of_its_picture() -> None:
    heic, avif = file_type(sideways_heic(), b"mif1", b"avif", b"heic"), encoded(quadrants(), "AVIF")

    assert rendered(heic).format == "heic"
    assert rendered(file_type(avif, b"mif1", b"heic", b"avif")).format == "avif"


LAYERS = Property(b"lhvC", bytes(20))
# The picture parameter set of `sideways_heic()`, and with the flag of an extension, which its decoder refuses.
PARAMETERS, EXTENDED = bytes.fromhex("4401c17318300890"), bytes.fromhex("4401c173183008b0")


def test_a_heic_of_layers_that_its_decoder_gives_no_picture_of_is_unsupported() -> None:
    unread = sideways_heic().replace(PARAMETERS, EXTENDED)
    assert unread != sideways_heic()

    assert reason_of(with_properties(unread, LAYERS)) == (Reason.UNSUPPORTED, "a HEIC of several layers is not read")
    assert reason_of(unread)[0] is Reason.CORRUPT


def test_a_heic_of_layers_whose_picture_is_decoded_is_shown() -> None:
    shown = picture_of(with_properties(sideways_heic(), LAYERS))

    assert quarters(shown) == quarters(picture_of(sideways_heic()))


def test_a_heic_of_layers_that_is_cut_off_is_corrupt() -> None:
    assert reason_of(with_properties(sideways_heic(), LAYERS)[:-200])[0] is Reason.CORRUPT


def test_a_heic_that_uses_a_picture_twice_is_unsupported() -> None:
    twice = box(b"dimg", struct.pack(">4H", 2, 2, 1, 1))

    assert reason_of(with_box_of_items(sideways_heic(), b"iref", bytes(4) + twice)) == (
        Reason.UNSUPPORTED,
        "a HEIC that uses a picture twice in another is not read",
    )


def test_a_limit_of_libheif_is_no_lack_of_memory() -> None:
    """It holds what is coded against the size of the clean aperture."""
    source = with_properties(twelve_megapixels_heic(), clean_aperture(300, 300, 0, 0))

    assert reason_of(source) == (Reason.UNSUPPORTED, "a HEIC over the limits of its decoder is not read")


def without_still(sequence: bytes) -> bytes:
    """A sequence alone: its `meta` becomes free space, and no brand speaks of an item."""
    return sequence.replace(b"meta", b"free", 1).replace(b"avif", b"iso8", 1).replace(b"mif1", b"iso8", 1)


FRAMES = ["red", "lime", "blue"]
MILLISECONDS = [100, 250, 170]


def sequence(**options: object) -> bytes:
    pictures = [Image.new("RGB", (64, 48), name) for name in FRAMES]
    return animation("AVIF", pictures, MILLISECONDS, **options)


@pytest.mark.parametrize("has_still", [True, False])
@pytest.mark.parametrize("output", [Format.WEBP, Format.GIF, None])
def test_a_sequence_stays_one(output: Format | None, *, has_still: bool) -> None:
    result = rendered(sequence() if has_still else without_still(sequence()), variant(format=output, quality=100))

    with Image.open(io.BytesIO(result.renditions[0].body)) as made:
        shown = [(color_at(frame, 20, 20), frame.info["duration"]) for frame in ImageSequence.Iterator(made)]
        assert made.info["loop"] == 0
    assert result.frames == 3
    assert result.renditions[0].format is (output or Format.WEBP)
    assert shown == list(zip(FRAMES, MILLISECONDS, strict=True))


@pytest.mark.parametrize(("plays", "loop"), [(1, 1), (3, 3)])
def test_a_sequence_plays_as_often_as_its_edit_repeats(plays: int, loop: int) -> None:
    """`tkhd` has the duration of all plays, `elst` that of one: AVIF specification, 4; Chromium reads it so."""
    whole = bytearray(sequence())
    at = whole.index(b"tkhd") + 4 + 28
    whole[at : at + 8] = (plays * sum(MILLISECONDS)).to_bytes(8, "big")

    made = opened(rendered(bytes(whole), variant(format=Format.WEBP)).renditions[0].body)
    assert made.info["loop"] == loop


def test_the_frames_of_a_sequence_are_limited() -> None:
    with pytest.raises(ImageRejectedError) as refused:
        rendered(sequence(), frames=2)
    assert refused.value.reason is Reason.TOO_MANY_FRAMES


def test_other_formats_have_the_first_frame_of_a_sequence() -> None:
    result = rendered(sequence(), variant(format=Format.JPEG))

    assert result.frames == 3
    assert color_at(opened(result.renditions[0].body), 20, 20) == "red"


@pytest.mark.parametrize(("output", "longest"), [(Format.WEBP, 2**24 - 1), (Format.GIF, 655_350)])
def test_frames_that_last_for_days_are_shown_as_long_as_an_animation_can(output: Format, longest: int) -> None:
    pictures = [Image.new("RGB", (64, 48), name) for name in FRAMES]

    result = rendered(animation("AVIF", pictures, [2**30] * 3), variant(format=output, quality=100))

    with Image.open(io.BytesIO(result.renditions[0].body)) as made:
        shown = [(color_at(frame, 20, 20), frame.info["duration"]) for frame in ImageSequence.Iterator(made)]
    assert shown == [(name, longest) for name in FRAMES]

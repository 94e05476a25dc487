"""Animations: every frame whole, for as long and as often as in the source; the first frame where none can be kept."""

from collections.abc import Iterator, Sequence

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from PIL import Image, ImageSequence

from resize.imaging.encoding import Encoding
from resize.imaging.engine import Engine
from resize.imaging.formats.webp import with_alpha_declared
from resize.imaging.geometry import Size
from resize.imaging.pillow import encode as by_pillow
from resize.imaging.pillow.frames import Frames as PillowFilm
from resize.imaging.variants import Fit, Format
from resize.imaging.vips import encode as by_vips
from resize.imaging.vips.frames import Frames as VipsFilm
from resize.imaging.vips.pillow_fallback import to_vips
from support.imaging.images import animation, color_at, opened, rendered, variant

pytestmark = pytest.mark.usefixtures("engine")

ANIMATED = ["GIF", "WEBP"]
OUTPUTS = [Format.GIF, Format.WEBP]
LOSSLESS = {"GIF": {}, "WEBP": {"lossless": True}}

NAMES = ["red", "lime", "blue", "clear"]


def frame(left: str, right: str | None = None) -> Image.Image:
    """A picture of one or two colors, any of them `clear`."""
    picture = Image.new("RGBA", (16, 16), _rgba(left))
    picture.paste(_rgba(right or left), (8, 0, 16, 16))
    return picture


def _rgba(name: str) -> str:
    return "#00000000" if name == "clear" else name


def animated(kind: str, frames: Sequence[Image.Image], milliseconds: Sequence[int], *, loop: int | None = 0) -> bytes:
    options = LOSSLESS[kind] | ({} if loop is None else {"loop": loop}) | ({"disposal": 2} if kind == "GIF" else {})
    if not any(_has_alpha(picture) for picture in frames):
        return animation(kind, frames, milliseconds, **options)
    # A decoder may clear a frame of a GIF to an opaque color, unless that frame has a transparent one.
    source = animation(kind, [_with_clear_corner(picture) for picture in frames], milliseconds, **options)
    return with_alpha_declared(source) if kind == "WEBP" else source


def _has_alpha(picture: Image.Image) -> bool:
    return picture.getextrema()[-1] != (255, 255)


def _with_clear_corner(picture: Image.Image) -> Image.Image:
    cornered = picture.copy()
    cornered.putpixel((0, 0), (0, 0, 0, 0))
    return cornered


def body_of(source: bytes, output: Format | None, width: int = 16) -> bytes:
    return rendered(source, variant(format=output, width=width, quality=95)).renditions[0].body


def shown(body: bytes) -> list[tuple[str, str, int]]:
    """What a person sees: the colors at the left and at the right, and for how many milliseconds."""
    seen: list[tuple[str, str, int]] = []
    for left, right, milliseconds in _each_frame(body):
        joins = seen and seen[-1][:2] == (left, right)  # encoders may write equal frames as one, and may not
        before = seen.pop()[2] if joins else 0
        seen.append((left, right, before + milliseconds))
    return seen


def _each_frame(body: bytes) -> Iterator[tuple[str, str, int]]:
    for picture in ImageSequence.Iterator(opened(body)):
        whole = picture.convert("RGBA")
        yield _named(whole, picture.width // 4), _named(whole, picture.width * 3 // 4), picture.info.get("duration", 0)


def _named(picture: Image.Image, x: int) -> str:
    middle = picture.height // 2
    clear = picture.getchannel("A").crop((x, middle, x + 1, middle + 1)).tobytes() == b"\0"
    return "clear" if clear else color_at(picture, x, middle)


def frames_in(body: bytes) -> int:
    return getattr(opened(body), "n_frames", 1)


@pytest.mark.parametrize("width", [16, 8])
@pytest.mark.parametrize("output", OUTPUTS)
@pytest.mark.parametrize("kind", ANIMATED)
def test_frames_and_their_durations_stay(kind: str, output: Format, width: int) -> None:
    source = animated(kind, [frame("red"), frame("lime", "blue"), frame("blue")], [100, 250, 40])

    assert shown(body_of(source, output, width)) == [
        ("red", "red", 100),
        ("lime", "blue", 250),
        ("blue", "blue", 40),
    ]


@pytest.mark.parametrize("kind", ANIMATED)
def test_frames_are_counted_in_the_source_and_in_what_is_made_of_it(kind: str) -> None:
    source = animated(kind, [frame("red"), frame("lime"), frame("blue")], [100, 100, 100])

    seen = rendered(source, variant("moving", format=Format.WEBP), variant("still", format=Format.JPEG))

    assert seen.frames == 3
    assert {each.variant: each.frames for each in seen.renditions} == {"moving": 3, "still": 1}


@pytest.mark.parametrize("output", OUTPUTS)
@pytest.mark.parametrize("kind", ANIMATED)
def test_a_clear_frame_clears_what_was_before(kind: str, output: Format) -> None:
    source = animated(kind, [frame("clear", "red"), frame("clear"), frame("lime", "clear")], [100, 100, 100])

    assert shown(body_of(source, output)) == [
        ("clear", "red", 100),
        ("clear", "clear", 100),
        ("lime", "clear", 100),
    ]


@given(
    st.sampled_from(ANIMATED),
    st.sampled_from(OUTPUTS),
    st.lists(st.tuples(st.sampled_from(NAMES), st.sampled_from(NAMES)), min_size=2, max_size=6),
)
def test_whatever_follows_whatever_is_seen_again(kind: str, output: Format, sides: list[tuple[str, str]]) -> None:
    source = animated(kind, [frame(*both) for both in sides], [50] * len(sides))

    assume(len(shown(source)) > 1)  # else it is a still
    assert shown(body_of(source, output)) == shown(source)


@pytest.mark.parametrize("output", OUTPUTS)
def test_equal_frames_are_as_good_as_a_still(output: Format, engine: Engine) -> None:
    """Other encoders write such animations, but not the ones that make the sources here."""
    half_clear = frame("red", "clear")
    encoding = Encoding(format=output, quality=95, effort=4, size=Size(*half_clear.size))

    if engine is Engine.PILLOW:
        body = by_pillow.encode(PillowFilm(frames=(half_clear.convert("RGBa"),) * 2, milliseconds=(50, 50)), encoding)
    else:
        body = by_vips.encode(VipsFilm(frames=(to_vips(half_clear),) * 2, milliseconds=(50, 50)), encoding)
    assert [both[:2] for both in shown(body)] == [("red", "clear")]


def test_a_frame_that_restores_the_one_before_is_whole() -> None:
    frames = [frame("red"), frame("red", "lime"), frame("blue", "red")]
    source = animation("GIF", frames, [100, 100, 100], disposal=[1, 3, 1])

    assert shown(body_of(source, Format.WEBP)) == shown(source)


@pytest.mark.parametrize(("repeats", "plays"), [(None, 1), (0, 0), (1, 2), (4, 5), (65_535, 65_535)])
def test_a_gif_that_repeats_n_times_plays_once_more_as_webp(repeats: int | None, plays: int) -> None:
    source = animated("GIF", [frame("red"), frame("lime")], [100, 100], loop=repeats)

    assert opened(body_of(source, Format.WEBP)).info["loop"] == plays


@pytest.mark.parametrize(("plays", "repeats"), [(1, None), (0, 0), (2, 1), (5, 4)])
def test_a_webp_that_plays_n_times_repeats_once_less_as_gif(plays: int, repeats: int | None) -> None:
    source = animated("WEBP", [frame("red"), frame("lime")], [100, 100], loop=plays)

    assert opened(body_of(source, Format.GIF)).info.get("loop") == repeats


@pytest.mark.parametrize("kind", ANIMATED)
@pytest.mark.parametrize("loop", [0, 1, 3])
def test_a_kept_format_keeps_its_count(kind: str, loop: int) -> None:
    source = animated(kind, [frame("red"), frame("lime")], [100, 100], loop=loop)

    assert opened(body_of(source, None)).info.get("loop") == loop


def test_a_gif_of_short_webp_frames_is_as_long_as_they_are() -> None:
    source = animated("WEBP", [frame("red"), frame("lime"), frame("blue")], [33, 33, 34])

    assert [milliseconds for *_, milliseconds in shown(body_of(source, Format.GIF))] == [30, 40, 30]


@pytest.mark.parametrize("output", [Format.JPEG, Format.PNG, Format.AVIF])
@pytest.mark.parametrize("kind", ANIMATED)
def test_other_formats_get_the_first_frame(kind: str, output: Format) -> None:
    body = body_of(animated(kind, [frame("red"), frame("lime")], [100, 100]), output)

    assert frames_in(body) == 1
    assert color_at(opened(body), 8, 8) == "red"


@pytest.mark.parametrize("output", OUTPUTS)
@pytest.mark.parametrize("kind", ["TIFF"])
def test_other_sources_give_their_first_frame(kind: str, output: Format) -> None:
    source = animation(kind, [frame("red"), frame("lime")], [100, 100])

    result = rendered(source, variant(format=output))
    assert result.frames == 1
    assert frames_in(result.renditions[0].body) == 1
    assert color_at(opened(result.renditions[0].body), 8, 8) == "red"


def test_stills_and_animations_are_made_of_one_source() -> None:
    source = animated("GIF", [frame("red"), frame("lime")], [100, 100])

    result = rendered(
        source,
        variant("moving", format=Format.WEBP, width=8),
        variant("still", format=Format.JPEG),
        variant("kept", format=None, width=12),
    )
    assert result.frames == 2
    assert [frames_in(rendition.body) for rendition in result.renditions] == [2, 1, 2]


def test_every_frame_is_cut_and_framed_alike() -> None:
    source = animated("WEBP", [frame("red", "lime"), frame("lime", "red")], [100, 100])

    framed = variant(width=32, height=16, fit=Fit.CONTAIN, background="#0000ff", format=Format.WEBP)
    frames = ImageSequence.Iterator(opened(rendered(source, framed).renditions[0].body))
    assert [[color_at(picture, x, 8) for x in (3, 11, 20, 28)] for picture in frames] == [
        ["blue", "red", "lime", "blue"],
        ["blue", "lime", "red", "blue"],
    ]


def test_a_frame_that_leaves_its_screen_is_cut_to_it() -> None:
    source = bytearray(animation("GIF", [frame("red"), frame("lime")], [100, 100]))
    second = source.rindex(b",\0\0\0\0\x10\0\x10\0")
    source[second + 1] = 8

    body = body_of(bytes(source), Format.WEBP)
    assert opened(body).size == (16, 16)
    assert shown(body) == [("red", "red", 100), ("red", "lime", 100)]


def test_no_frame_of_a_webp_is_turned_as_in_chromium() -> None:
    tags = Image.Exif()
    tags[0x0112] = 3
    source = animation("WEBP", [frame("red", "lime"), frame("blue", "red")], [100, 100], lossless=True, exif=tags)

    assert shown(body_of(source, Format.WEBP)) == [("red", "lime", 100), ("blue", "red", 100)]

"""Animated PNG: frames, times, plays and disposal as Chromium 156 plays them, also where a file's account is wrong."""

from collections.abc import Sequence

import pytest
from PIL import Image, ImageSequence

from contract.errors import Reason
from resize.errors import ImageRejectedError
from resize.imaging.formats.png import read_png
from resize.imaging.variants import Format
from support.imaging.images import color_at, opened, rendered, variant
from support.imaging.pngs import RGBA, account, animated, chunk, control, frame, still

pytestmark = pytest.mark.usefixtures("engine")

RED, LIME, BLUE = b"\xff\0\0", b"\0\xff\0", b"\0\0\xff"
PARTS = {"red": RED, "lime": LIME, "blue": BLUE}
OUTPUTS = [Format.WEBP, None]


def played(source: bytes, output: Format | None = Format.WEBP) -> list[tuple[str, float]]:
    """The colors at the top left, and for how many milliseconds each frame is shown."""
    body = rendered(source, variant(format=output, quality=95)).renditions[0].body
    return [(_named(picture), picture.info.get("duration", 0)) for picture in ImageSequence.Iterator(opened(body))]


def _named(picture: Image.Image, x: int = 1) -> str:
    pixel = picture.convert("RGBA").crop((x, 1, x + 1, 2))
    return "clear" if pixel.tobytes()[3] == 0 else color_at(pixel, 0, 0)


def names(source: bytes, output: Format | None = Format.WEBP) -> list[str]:
    return [name for name, _ in played(source, output)]


def of_three(*controls: bytes) -> bytes:
    """Red, lime, blue."""
    first, second, third = controls
    return animated(account(3), first, still(RED), second, frame(2, LIME), third, frame(4, BLUE))


@pytest.mark.parametrize("output", OUTPUTS)
def test_frames_and_times_stay(output: Format | None) -> None:
    source = of_three(control(0, delay=(1, 10)), control(1, delay=(250, 1000)), control(3, delay=(4, 0)))

    assert played(source, output) == [("red", 100), ("lime", 250), ("blue", 40)]
    assert rendered(source).frames == 3


@pytest.mark.parametrize("output", OUTPUTS)
@pytest.mark.parametrize("plays", [0, 1, 3, 65_535])
def test_an_animation_plays_as_often_as_before(output: Format | None, plays: int) -> None:
    source = animated(account(2, plays), control(0), still(RED), control(1), frame(2, LIME))

    body = rendered(source, variant(format=output)).renditions[0].body
    assert opened(body).info["loop"] == plays


@pytest.mark.parametrize("output", [Format.PNG, Format.JPEG, Format.AVIF])
def test_who_asks_for_a_still_gets_the_first_frame(output: Format) -> None:
    source = animated(account(2), still(BLUE), control(0), frame(1, RED), control(2), frame(3, LIME))

    body = rendered(source, variant(format=output, quality=95)).renditions[0].body
    assert getattr(opened(body), "n_frames", 1) == 1
    assert color_at(opened(body), 1, 1) == "red"


@pytest.mark.parametrize("output", OUTPUTS)
def test_a_still_that_is_no_frame_is_none(output: Format | None) -> None:
    source = animated(account(2), still(BLUE), control(0), frame(1, RED), control(2), frame(3, LIME))

    assert names(source, output) == ["red", "lime"]


def test_one_frame_beside_the_still_is_what_is_shown() -> None:
    source = animated(account(1), still(BLUE), control(0), frame(1, RED))

    assert names(source) == ["red"]
    assert rendered(source).frames == 1


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        pytest.param(
            animated(account(3), control(0), still(RED), control(1), frame(2, LIME)), ["red", "lime"], id="too many"
        ),
        pytest.param(animated(account(1), control(0), still(RED), control(1), frame(2, LIME)), ["red"], id="too few"),
        pytest.param(animated(account(0), control(0), still(RED), control(1), frame(2, LIME)), ["red"], id="none"),
        pytest.param(animated(control(0), still(RED), control(1), frame(2, LIME)), ["red"], id="no account"),
        pytest.param(
            animated(control(0), still(RED), account(2), control(1), frame(2, LIME)), ["red"], id="a late account"
        ),
        pytest.param(
            animated(account(2)[:-1] + b"x", control(0), still(RED), control(1), frame(2, LIME)),
            ["red"],
            id="a broken account",
        ),
        pytest.param(
            animated(account(2), account(1), control(0), still(RED), control(1), frame(2, LIME)),
            ["red", "lime"],
            id="two accounts",
        ),
        pytest.param(
            animated(account(2), control(0), still(RED), control(2), frame(3, LIME)), ["red"], id="a gap in numbers"
        ),
        pytest.param(
            animated(account(2), control(0), still(RED), control(2), frame(1, LIME)), ["red"], id="numbers swapped"
        ),
        pytest.param(
            animated(account(3), control(0), still(RED), control(1), frame(2, LIME), control(3), frame(9, BLUE)),
            ["red", "lime"],
            id="pixels of a wrong number",
        ),
        pytest.param(
            animated(account(3), control(0), still(RED), control(1), control(2), frame(3, LIME)),
            ["red", "lime"],
            id="a frame without pixels",
        ),
        pytest.param(
            animated(account(2), control(0), still(RED), control(1, left=1), frame(2, LIME)), ["red"], id="off canvas"
        ),
        pytest.param(
            animated(account(2), control(0), still(RED), control(1, width=0), frame(2, LIME)), ["red"], id="no width"
        ),
        pytest.param(
            animated(account(2), control(0), still(RED), control(1, disposal=3), frame(2, LIME)),
            ["red"],
            id="no such disposal",
        ),
        pytest.param(
            animated(account(2), control(0), still(RED), control(1, blend=2), frame(2, LIME)),
            ["red"],
            id="no such blend",
        ),
        pytest.param(
            animated(account(2), control(0), still(RED), control(1)[:-1] + b"x", frame(2, LIME)),
            ["red"],
            id="a broken control",
        ),
        pytest.param(
            animated(account(2), control(0), still(RED), chunk(b"ABCD", b""), control(1), frame(2, LIME)),
            ["red"],
            id="an unknown critical chunk",
        ),
        pytest.param(
            animated(account(2), control(0), still(RED), control(1), chunk(b"tEXt", b"a\0b"), frame(2, LIME)),
            ["red", "lime"],
            id="text between",
        ),
        pytest.param(
            animated(account(2), control(0, 4, 4), still(RED), control(1), frame(2, LIME)),
            ["red"],
            id="a still larger than its frame",
        ),
    ],
)
def test_a_wrong_account_is_played_up_to_where_it_makes_no_sense(source: bytes, expected: Sequence[str]) -> None:
    assert names(source) == expected


@pytest.mark.parametrize(
    "source",
    [
        pytest.param(
            animated(account(2), control(0), still(RED), control(1), chunk(b"fdAT", b"\0\0\0\2garbage")), id="garbage"
        ),
        pytest.param(
            animated(account(2), control(0), still(RED), control(1), frame(2, LIME, height=3)), id="rows missing"
        ),
        pytest.param(animated(account(2), control(0), still(RED), control(1), frame(2, LIME))[:-20], id="cut"),
        pytest.param(animated(account(2), control(0), still(RED), control(1))[:-12], id="no frame and no end"),
    ],
)
def test_a_frame_whose_pixels_are_broken_costs_the_animation(source: bytes) -> None:
    with pytest.raises(ImageRejectedError) as refused:
        played(source)
    assert refused.value.reason is Reason.CORRUPT


def test_an_animation_without_its_end_is_complete_when_its_frames_are() -> None:
    source = animated(account(2), control(0), still(RED), control(1), frame(2, LIME)).removesuffix(chunk(b"IEND", b""))

    assert names(source) == ["red", "lime"]


@pytest.mark.parametrize("output", OUTPUTS)
@pytest.mark.parametrize(
    ("disposals", "expected"),
    [
        pytest.param((0, 0), ["red", "red", "lime"], id="left"),
        pytest.param((1, 0), ["red", "clear", "lime"], id="cleared"),
        pytest.param((2, 0), ["red", "clear", "lime"], id="the first, as before it"),
        pytest.param((0, 2), ["red", "red", "lime"], id="as before"),
    ],
)
def test_a_frame_leaves_behind_what_it_says(
    disposals: tuple[int, int], expected: list[str], output: Format | None
) -> None:
    """The second frame covers the right half, the third the left."""
    opaque = [pixel + b"\xff" for pixel in (RED, BLUE, LIME)]
    source = animated(
        account(3),
        control(0, disposal=disposals[0]),
        still(opaque[0]),
        control(1, 4, 8, 4, 0, disposal=disposals[1]),
        frame(2, opaque[1], 4),
        control(3, 4, 8),
        frame(4, opaque[2], 4),
        color_type=RGBA,
    )

    assert names(source, output) == expected


def test_a_frame_is_undone_for_the_next() -> None:
    source = animated(
        account(3),
        control(0),
        still(RED + b"\xff"),
        control(1, 4, 8, disposal=2),
        frame(2, BLUE + b"\xff", 4),
        control(3, 4, 8, 4),
        frame(4, LIME + b"\xff", 4),
        color_type=RGBA,
    )

    assert names(source) == ["red", "blue", "red"]


@pytest.mark.parametrize(("blend", "expected"), [(0, (0, 200, 0, 128)), (1, (100, 100, 0, 255))])
def test_a_frame_is_blended_if_it_says_so(blend: int, expected: tuple[int, ...]) -> None:
    source = animated(
        account(2),
        control(0),
        still(b"\xc8\0\0\xff"),
        control(1, blend=blend),
        frame(2, b"\0\xc8\0\x80"),
        color_type=RGBA,
    )

    picture = opened(rendered(source, variant(format=None)).renditions[0].body)
    picture.seek(1)
    assert tuple(picture.convert("RGBA").crop((1, 1, 2, 2)).tobytes()) == pytest.approx(expected, abs=2)


@pytest.mark.parametrize(
    ("delay", "milliseconds"),
    [((0, 0), 100), ((0, 100), 100), ((1, 0), 10), ((1, 3), 333), ((65_535, 1), 3_600_000), ((11, 1000), 11)],
)
def test_a_time_is_a_fraction_of_a_second(delay: tuple[int, int], milliseconds: int) -> None:
    source = animated(account(2), control(0, delay=delay), still(RED), control(1, delay=delay), frame(2, LIME))

    found = read_png(source).animation
    assert found
    assert [each.milliseconds for each in found.frames] == [milliseconds] * 2
    assert played(source, None) == [("red", milliseconds), ("lime", milliseconds)]


def test_too_many_frames_are_refused() -> None:
    source = of_three(control(0), control(1), control(3))

    with pytest.raises(ImageRejectedError) as refused:
        rendered(source, frames=2)
    assert refused.value.reason is Reason.TOO_MANY_FRAMES
    with pytest.raises(ImageRejectedError) as refused:
        rendered(source, total_pixels=191)
    assert refused.value.reason is Reason.TOO_MANY_PIXELS
    assert rendered(source, frames=3, total_pixels=192).frames == 3

"""GIF: its frames, times and plays are those of Chromium 156, which what is expected here was read from."""

import pytest
from PIL import Image

from contract.errors import Reason
from resize.errors import ImageRejectedError
from resize.imaging.rendition import Rendered
from resize.imaging.variants import Format
from support.imaging.gifs import BLUE, CLEAR, LIME, RED, RESTORE, WHITE, Color, Picture, gif
from support.imaging.images import alpha_at, color_at, opened, rendered, variant

pytestmark = pytest.mark.usefixtures("engine")

SCREEN = (40, 40)
GREYS: list[Color] = [(0, 0, 0), (80, 80, 80), (160, 160, 160), (240, 240, 240)]
ALL, UPPER_LEFT, LOWER_RIGHT, MIDDLE = (0, 0, 40, 40), (0, 0, 20, 20), (20, 20, 20, 20), (10, 10, 20, 20)


def frames_of(source: bytes) -> list[Image.Image]:
    """Every frame as it shows, whole."""
    film = opened(moving(source).renditions[0].body)
    frames = []
    for index in range(getattr(film, "n_frames", 1)):
        film.seek(index)
        frames.append(film.convert("RGBA"))
    return frames


def moving(source: bytes) -> Rendered:
    return rendered(source, variant(format=Format.WEBP, quality=100))


def corners(frame: Image.Image) -> str:
    """The colors of the four quarters, row by row: their first letters, and a dot for what is transparent."""
    across, down = (frame.width // 8, frame.width * 7 // 8), (frame.height // 8, frame.height * 7 // 8)
    return "".join("." if alpha_at(frame, x, y) == 0 else color_at(frame, x, y)[0] for y in down for x in across)


def rejection_of(source: bytes) -> ImageRejectedError:
    with pytest.raises(ImageRejectedError) as rejected:
        moving(source)
    return rejected.value


def test_what_no_frame_covers_is_transparent() -> None:
    [still] = frames_of(gif(SCREEN, Picture(box=MIDDLE)))

    assert corners(still) == "...."
    assert color_at(still, 20, 20) == "red"
    assert alpha_at(still, 20, 20) == 255


@pytest.mark.parametrize(
    ("disposals", "expected"),
    [
        pytest.param((CLEAR, CLEAR), ["rrrr", "b...", "...l"], id="cleared"),
        pytest.param((1, RESTORE), ["rrrr", "brrr", "rrrl"], id="restored"),
        pytest.param((RESTORE, 1), ["rrrr", "b...", "b..l"], id="restored to nothing"),
        pytest.param((1, CLEAR), ["rrrr", "brrr", ".rrl"], id="a part cleared"),
        pytest.param((1, 4), ["rrrr", "brrr", "rrrl"], id="4 restores"),
        pytest.param((0, 7), ["rrrr", "brrr", "brrl"], id="unknown ones keep"),
    ],
)
def test_a_frame_leaves_behind_what_its_disposal_says(disposals: tuple[int, int], expected: list[str]) -> None:
    first, second = disposals

    frames = frames_of(
        gif(
            SCREEN,
            Picture(box=ALL, disposal=first),
            Picture(box=UPPER_LEFT, indices=BLUE, disposal=second),
            Picture(box=LOWER_RIGHT, indices=LIME),
        )
    )

    assert [corners(frame) for frame in frames] == expected


def test_a_frame_before_one_that_covers_all_leaves_nothing_to_see_through() -> None:
    pictures = [Picture(box=ALL, indices=index, disposal=CLEAR) for index in (RED, BLUE, LIME)]

    assert [corners(frame) for frame in frames_of(gif(SCREEN, *pictures))] == ["rrrr", "bbbb", "llll"]


def test_a_restored_part_is_what_was_there_before_its_frame_and_not_before_another() -> None:
    frames = frames_of(
        gif(
            SCREEN,
            Picture(box=ALL),
            Picture(box=UPPER_LEFT, indices=BLUE, disposal=RESTORE),
            Picture(box=ALL, indices=WHITE, disposal=RESTORE),
            Picture(box=LOWER_RIGHT, indices=LIME),
        )
    )

    assert [corners(frame) for frame in frames] == ["rrrr", "brrr", "wwww", "rrrl"]


def test_frames_have_palettes_and_transparent_colors_of_their_own() -> None:
    own: list[Color] = [(255, 255, 0), (255, 0, 255)]
    halves = [RED] * 800 + [BLUE] * 800

    frames = frames_of(
        gif(
            SCREEN,
            Picture(box=ALL, indices=halves, transparent=BLUE),
            Picture(box=ALL, indices=halves, palette=own, transparent=0),
        )
    )

    assert [corners(frame) for frame in frames] == ["rr..", "rrmm"]


def test_a_control_is_of_the_next_frame_alone() -> None:
    second = Picture(box=UPPER_LEFT, indices=RED, has_control=False)
    third = Picture(box=LOWER_RIGHT, indices=LIME, has_control=False)

    frames = frames_of(gif(SCREEN, Picture(box=ALL, transparent=RED, disposal=CLEAR), second, third))

    assert [corners(frame) for frame in frames] == ["....", "r...", "r..l"]


@pytest.mark.parametrize("colors", [2, 0])
def test_an_index_beyond_the_palette_is_black(colors: int) -> None:
    [still] = frames_of(gif(SCREEN, Picture(box=ALL, indices=3), palette=((255, 0, 0), (0, 0, 255))[:colors]))

    assert corners(still) == "bbbb"
    assert color_at(still, 9, 9) == "black"


def test_interlaced_rows_come_in_four_passes() -> None:
    # GIF89a, appendix E: every 8th row from 0, every 8th from 4, every 4th from 2, every 2nd from 1.
    passes = [0] * 40 * 5 + [1] * 40 * 5 + [2] * 40 * 10 + [3] * 40 * 20

    [still] = frames_of(gif(SCREEN, Picture(box=ALL, indices=passes, is_interlaced=True, palette=GREYS)))

    found = [still.crop((9, row, 10, row + 1)).convert("L").tobytes()[0] for row in range(9)]
    expected = [0, 240, 160, 240, 80, 240, 160, 240, 0]
    assert all(abs(one - other) <= 8 for one, other in zip(found, expected, strict=True))


@pytest.mark.parametrize(
    ("screen", "box", "size"),
    [
        ((0, 0), (0, 0, 40, 40), (40, 40)),
        ((40, 40), (0, 0, 60, 50), (60, 50)),
        ((40, 40), (30, 0, 20, 10), (50, 40)),
        ((0, 40), (0, 0, 20, 10), (20, 40)),
    ],
)
def test_a_screen_grows_to_hold_the_first_frame(
    screen: tuple[int, int], box: tuple[int, int, int, int], size: tuple[int, int]
) -> None:
    result = moving(gif(screen, Picture(box=box)))

    assert (result.width, result.height) == size


def test_a_later_frame_is_cut_off_at_the_screen() -> None:
    frames = frames_of(
        gif(
            SCREEN,
            Picture(box=ALL),
            Picture(box=(20, 20, 60, 60), indices=BLUE),
            Picture(box=(65_000, 65_000, 9, 9), indices=LIME),
            Picture(box=(0, 0, 0, 9), indices=WHITE),
            Picture(box=(39, 0, 9, 9), indices=WHITE),
        )
    )

    assert {frame.size for frame in frames} == {SCREEN}
    assert [corners(frame) for frame in (frames[0], frames[-1])] == ["rrrr", "rrrb"]
    assert color_at(frames[-1], 39, 4) == "white"


def test_a_frame_of_ten_milliseconds_or_less_shows_for_a_hundred() -> None:
    film = opened(
        moving(gif(SCREEN, *[Picture(box=ALL, indices=n, hundredths=n) for n in range(4)])).renditions[0].body
    )

    shown = []
    for index in range(4):
        film.seek(index)
        film.load()
        shown.append(film.info["duration"])

    assert shown == [100, 100, 20, 30]


def test_frames_that_are_alike_are_frames_still() -> None:
    assert moving(gif(SCREEN, *[Picture(box=ALL)] * 3)).frames == 3


@pytest.mark.parametrize(("loops", "plays"), [((), 1), ((0,), 0), ((1,), 2), ((3, 2), 3), ((2, 3), 4), ((0, 3), 4)])
def test_the_last_count_says_how_often_it_plays_again(loops: tuple[int, ...], plays: int) -> None:
    source = gif(SCREEN, Picture(box=ALL), Picture(box=ALL, indices=BLUE), loops=loops)

    assert opened(moving(source).renditions[0].body).info["loop"] == plays


@pytest.mark.parametrize("end", [b"", b"\0 and no block;", b"; and more,"], ids=["nothing", "no block", "more"])
def test_a_file_is_whole_whatever_follows_its_last_frame(end: bytes) -> None:
    source = gif(SCREEN, Picture(box=ALL), Picture(box=UPPER_LEFT, indices=BLUE), end=end)

    assert [corners(frame) for frame in frames_of(source)] == ["rrrr", "brrr"]


def test_a_file_that_ends_inside_of_a_block_is_corrupt() -> None:
    source = gif(SCREEN, Picture(box=ALL), Picture(box=UPPER_LEFT, indices=BLUE), end=b"")
    first = gif(SCREEN, Picture(box=ALL), end=b"")

    assert moving(source[: len(first)]).frames == 1
    assert {rejection_of(source[:length]).reason for length in range(len(first) + 1, len(source))} == {Reason.CORRUPT}


@pytest.mark.parametrize(
    "source",
    [
        pytest.param(gif(SCREEN), id="no frame"),
        pytest.param(gif(SCREEN, Picture(box=ALL, indices=[RED] * 900)), id="too few pixels"),
        pytest.param(gif(SCREEN, Picture(box=ALL), Picture(box=ALL, code_bits=13)), id="codes of 14 bits"),
    ],
)
def test_a_frame_without_all_of_its_pixels_is_corrupt(source: bytes) -> None:
    assert rejection_of(source).reason is Reason.CORRUPT


def test_a_frame_that_is_larger_than_allowed_is_refused_though_its_screen_is_not() -> None:
    source = gif(SCREEN, Picture(box=ALL), Picture(box=(0, 0, 50, 50)))

    with pytest.raises(ImageRejectedError) as rejected:
        rendered(source, variant(format=Format.WEBP), frame_pixels=2_000)

    assert rejected.value.reason is Reason.TOO_MANY_PIXELS

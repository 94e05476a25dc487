"""Two programs' pictures of one file: what counts as the same, and what is found first where it does not."""

from PIL import Image

from support.imaging.images import quadrants
from tools.corpus.comparison import Difference, Kind, Tolerance, difference, measure
from tools.corpus.picture import Animation, Frame, Shown

STILL = Tolerance(mean=3, levels=3, share=0.001)
MOVING = Tolerance(mean=3, levels=3, share=0.001, similarity=0.9)


def filled(*color: int, size: tuple[int, int] = (40, 40)) -> Image.Image:
    """An RGBA picture of one color."""
    return Image.new("RGBA", size, color)


def shown(picture: Image.Image, animation: Animation | None = None, frames: int | None = None) -> Shown:
    """A picture as a program shows it."""
    number = len(animation.frames) if animation else 1
    return Shown(size=picture.size, still=picture, frames=frames or number, animation=animation)


def playing(*milliseconds: float, colors: str = "rgb", plays: int = 0) -> Animation:
    """Frames of red, green and blue, by their first letters."""
    fills = {"r": (255, 0, 0, 255), "g": (0, 255, 0, 255), "b": (0, 0, 255, 255)}
    frames = zip(colors, milliseconds, strict=False)
    return Animation(
        frames=tuple(Frame(image=filled(*fills[color]), milliseconds=each) for color, each in frames), plays=plays
    )


def kind_of(found: Difference | None) -> Kind | None:
    """In what two pictures differ."""
    return found.kind if found else None


def compared(right: Animation | None, other: Animation | None, **told: int) -> Kind | None:
    """In what two animations differ whose first frames are the same."""
    one, two = shown(filled(255, 0, 0, 255), right), shown(filled(255, 0, 0, 255), other, **told)
    return kind_of(difference(one, two, STILL, MOVING))


def test_pictures_within_the_tolerance_are_the_same() -> None:
    assert difference(shown(filled(100, 100, 100, 255)), shown(filled(103, 97, 100, 255)), STILL, MOVING) is None


def test_a_level_beyond_the_tolerance_everywhere_is_a_difference() -> None:
    found = difference(shown(filled(100, 100, 100, 255)), shown(filled(104, 100, 100, 255)), STILL, MOVING)

    assert found == Difference(kind=Kind.PIXELS, detail="mean 1.3, 100.00 % beyond, worst 4")


def test_one_pixel_in_a_thousand_may_differ_and_no_more() -> None:
    right, other = filled(0, 0, 0, 255, size=(50, 40)), filled(0, 0, 0, 255, size=(50, 40))
    other.putpixel((0, 0), (255, 255, 255, 255))
    other.putpixel((1, 0), (255, 255, 255, 255))
    assert difference(shown(right), shown(other), STILL, MOVING) is None

    other.putpixel((2, 0), (255, 255, 255, 255))
    assert kind_of(difference(shown(right), shown(other), STILL, MOVING)) is Kind.PIXELS


def test_the_color_of_what_is_transparent_does_not_matter() -> None:
    assert difference(shown(filled(255, 0, 0, 0)), shown(filled(0, 255, 90, 0)), STILL, MOVING) is None


def test_black_is_not_the_same_as_transparent() -> None:
    measured = measure(filled(0, 0, 0, 255), filled(0, 0, 0, 0), STILL)

    assert (measured.mean, measured.share, measured.worst) == (255, 1, 255)


def test_a_turned_picture_is_of_another_size() -> None:
    found = difference(
        shown(quadrants(64, 48).convert("RGBA")), shown(quadrants(48, 64).convert("RGBA")), STILL, MOVING
    )

    assert found == Difference(kind=Kind.SIZE, detail="64 x 48 became 48 x 64")


def test_a_large_picture_with_a_wrong_corner_differs() -> None:
    right, other = filled(9, 9, 9, 255, size=(2400, 2000)), filled(9, 9, 9, 255, size=(2400, 2000))
    other.paste((200, 9, 9, 255), (0, 0, 200, 200))

    assert kind_of(difference(shown(right), shown(other), STILL, MOVING)) is Kind.PIXELS


def test_a_picture_that_was_read_back_smaller_is_compared_at_that_size() -> None:
    small = Shown(size=(40, 40), still=filled(9, 9, 9, 255, size=(20, 20)))

    assert difference(small, shown(filled(9, 9, 9, 255)), STILL, MOVING) is None


def test_ssim_finds_blur_that_the_mean_does_not() -> None:
    lines = filled(95, 95, 95, 255)
    for x in range(0, lines.width, 2):
        lines.paste((105, 105, 105, 255), (x, 0, x + 1, lines.height))
    without, with_ssim = (Tolerance(mean=6, levels=6, share=0, similarity=least) for least in (0, 0.9))

    assert measure(lines, filled(100, 100, 100, 255), without).is_within(without)
    assert not measure(lines, filled(100, 100, 100, 255), with_ssim).is_within(with_ssim)


def test_an_animation_that_plays_alike_is_the_same() -> None:
    assert compared(playing(100, 200, 100), playing(100, 200, 100)) is None


def test_an_animation_that_became_a_still_lost_its_frames() -> None:
    assert compared(playing(100, 200), None) is Kind.FRAMES


def test_frames_that_are_shown_longer_differ_in_time() -> None:
    assert compared(playing(100, 200), playing(100, 300)) is Kind.TIMES


def test_frames_that_change_at_another_time_differ_in_their_pixels() -> None:
    assert compared(playing(100, 300), playing(300, 100)) is Kind.FRAME_PIXELS


def test_a_frame_of_other_pixels_is_found() -> None:
    assert compared(playing(100, 100, 100), playing(100, 100, 100, colors="rgr")) is Kind.FRAME_PIXELS


def test_a_loop_without_end_is_not_one_play() -> None:
    assert compared(playing(100, 100, plays=0), playing(100, 100, plays=1)) is Kind.PLAYS


def test_frames_that_an_encoder_joined_play_alike() -> None:
    joined = playing(200, 100, colors="rg")

    assert compared(playing(100, 100, 100, colors="rrg"), joined, frames=3) is None
    assert compared(playing(100, 100, colors="rr"), playing(0, colors="r", plays=1), frames=2) is None


def test_frames_of_no_time_are_shown_as_long_as_browsers_show_them() -> None:
    assert compared(playing(0, 10), playing(100, 100)) is None


def test_frames_that_were_not_kept_are_compared_by_time_alone() -> None:
    unkept = Animation(frames=(Frame(image=None, milliseconds=100), Frame(image=None, milliseconds=100)), plays=0)

    assert compared(unkept, playing(100, 100)) is None
    assert compared(unkept, playing(100, 900)) is Kind.TIMES

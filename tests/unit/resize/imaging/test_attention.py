"""Attention: cuts keep the subject, transparency draws nothing, and both engines cut alike."""

import os
from pathlib import Path
from unittest.mock import patch

import pytest
from PIL import Image, ImageDraw

from contract.focal_point import FocalPoint
from resize.imaging import plan
from resize.imaging.attention import attention_size, find_attention
from resize.imaging.engine import Engine
from resize.imaging.geometry import Size, place
from resize.imaging.limits import Limits
from resize.imaging.placeholder import Thumbnail
from resize.imaging.render import render
from resize.imaging.variants import Fit, Format, Gravity, Variant
from support.imaging.images import animation, encoded, exif, opened, variant
from support.imaging.scenes import SCENES

SAMPLES = Path(__file__).parents[4] / "samples"
# Of each kind; `make nightly` draws more.
SEEDS = int(os.environ.get("SCENES", "100"))
# How far apart the cuts of two engines may be: of the whole picture.
APART = 2 / 64
BRIGHT = 200
SQUARE = variant("square", width=160, height=160, fit=Fit.COVER, gravity=Gravity.ATTENTION, effort=0)


def window_of(source: bytes, engine: Engine, *others: Variant, focus: FocalPoint | None = None) -> tuple[float, ...]:
    """What the square shows, as shares of the picture: left, top, right and bottom."""
    with patch.object(plan, "place", wraps=place) as placed:
        placements = []
        placed.side_effect = lambda *given: placements.append(place(*given)) or placements[-1]  # type: ignore[func-returns-value]
        render(source, [*others, SQUARE], Limits(), None, engine, focus)
    last = [each for each in placements if each.canvas.width == each.canvas.height][-1]
    across, down = last.scaled
    left, top, right, bottom = last.kept
    return left / across, top / down, right / across, bottom / down


@pytest.mark.long
@pytest.mark.timeout(600)
@pytest.mark.parametrize("kind", SCENES)
def test_the_subject_is_whole_in_95_of_100_scenes_and_both_engines_cut_alike(kind: str) -> None:
    whole = dict.fromkeys(Engine, 0)
    for seed in range(SEEDS):
        scene = SCENES[kind](seed)
        source = encoded(scene.picture, "PNG", compress_level=1)
        windows = {engine: window_of(source, engine) for engine in Engine}
        for engine, (left, top, right, bottom) in windows.items():
            whole[engine] += scene.shows_all_of_it((left, top, right, bottom))
        assert windows[Engine.VIPS] == pytest.approx(windows[Engine.PILLOW], abs=APART), seed

    assert min(whole.values()) >= 0.95 * SEEDS, whole


@pytest.mark.long
def test_the_middle_would_not_do_for_these_scenes() -> None:
    for kind, scene_of in SCENES.items():
        scenes = [scene_of(seed) for seed in range(SEEDS)]
        whole = 0
        for scene in scenes:
            width, height = scene.picture.size
            across, down = min(width, height) / width / 2, min(width, height) / height / 2
            whole += scene.shows_all_of_it((0.5 - across, 0.5 - down, 0.5 + across, 0.5 + down))
        assert whole < 0.7 * SEEDS, kind


@pytest.mark.parametrize("large", [(), (variant("large", width=1600, effort=0),)], ids=["alone", "beside a large one"])
@pytest.mark.parametrize(
    "name", sorted(each.name for each in SAMPLES.iterdir() if each.suffix != ".md" and each.stem != "half-uploaded")
)
def test_both_engines_cut_a_sample_alike(name: str, large: tuple[Variant, ...]) -> None:
    source = (SAMPLES / name).read_bytes()

    by_pillow, by_vips = (window_of(source, engine, *large) for engine in Engine)

    assert by_vips == pytest.approx(by_pillow, abs=APART)


@pytest.mark.parametrize("engine", Engine)
def test_a_photographed_face_is_kept_in_a_band(engine: Engine) -> None:
    photograph = opened((SAMPLES / "astronaut.jpg").read_bytes())

    left, top, right, bottom = window_of(encoded(photograph.crop((100, 0, 356, 512))), engine)

    assert top < 0.08
    assert bottom > 0.46  # the face is in between
    assert (left, right) == (0, 1)


@pytest.mark.parametrize("engine", Engine)
@pytest.mark.parametrize("orientation", range(1, 9))
def test_it_is_looked_for_in_the_picture_as_displayed(orientation: int, engine: Engine) -> None:
    picture = Image.new("RGB", (300, 200), "#408040")
    ImageDraw.Draw(picture).ellipse((10, 70, 60, 120), fill="#e0c0a0")

    window = window_of(encoded(picture, "JPEG", exif=exif(orientation)), engine)

    # On the left as stored: where that is displayed, by the orientation.
    near = {1: 0, 2: 2, 3: 2, 4: 0, 5: 1, 6: 1, 7: 3, 8: 3}[orientation]
    assert window[near] == pytest.approx(0 if near < 2 else 1)


@pytest.mark.parametrize("engine", Engine)
def test_what_is_transparent_draws_nothing(engine: Engine) -> None:
    picture = Image.new("RGBA", (320, 160), (0, 0, 0, 0))
    picture.paste((255, 0, 0, 0), (0, 0, 100, 160))  # a glaring color that nobody sees
    picture.paste((90, 90, 90, 255), (250, 50, 300, 100))

    assert window_of(encoded(picture), engine)[2] == 1


@pytest.mark.parametrize("color", [(9, 99, 199, 255), (9, 99, 199, 0), (0, 0, 0, 255)])
@pytest.mark.parametrize("engine", Engine)
def test_where_nothing_draws_the_eye_the_middle_is_kept(engine: Engine, color: tuple[int, ...]) -> None:
    source = encoded(Image.new("RGBA", (320, 160), color))

    assert window_of(source, engine) == (0.25, 0, 0.75, 1)


@pytest.mark.parametrize("engine", Engine)
@pytest.mark.parametrize("output", [Format.WEBP, Format.GIF])
def test_all_frames_of_an_animation_are_cut_as_the_first(output: Format, engine: Engine) -> None:
    frames = [Image.new("RGB", (300, 100), "black") for _ in range(3)]
    for left, frame in zip((230, 0, 120), frames, strict=True):
        frame.paste("white", (left, 20, left + 60, 80))
        frame.paste((left // 4,) * 3, (280, 90, 290, 99))  # equal neighbours may be stored as one
    moving = variant(
        "square", width=100, height=100, fit=Fit.COVER, gravity=Gravity.ATTENTION, format=output, quality=None
    )

    (made,) = render(animation("GIF", frames, [100, 100, 100]), [moving], Limits(), None, engine).renditions

    shown = opened(made.body)
    assert made.frames == 3
    for number, is_lit in enumerate((True, False, False)):
        shown.seek(number)
        lightest = max(shown.convert("L").tobytes())
        assert (lightest > BRIGHT) == is_lit


@pytest.mark.parametrize("size", [(1, 1), (1, 2000), (16, 16), (40_000, 2), (3000, 2000), (64, 32)])
def test_a_picture_is_looked_at_in_some_two_thousand_pixels(size: tuple[int, int]) -> None:
    small = attention_size(Size(*size))

    assert 1 <= min(small) <= max(small) <= 64
    assert small.width * small.height <= 2100


def test_the_same_picture_has_the_same_point() -> None:
    picture = SCENES["a person"](7).picture.resize((56, 37)).convert("RGBA")
    thumbnail = Thumbnail(Size(56, 37), picture.tobytes())

    point = find_attention(thumbnail)

    assert point is not None
    assert point == find_attention(thumbnail)


@pytest.mark.parametrize("engine", Engine)
def test_the_uploaders_focal_point_wins_over_what_draws_the_eye(engine: Engine) -> None:
    picture = Image.new("RGB", (320, 160), "black")
    picture.paste("white", (250, 50, 300, 100))

    assert window_of(encoded(picture), engine, focus=FocalPoint(x=0.3, y=0.5)) == (0.05, 0, 0.55, 1)

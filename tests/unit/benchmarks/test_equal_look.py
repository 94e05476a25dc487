"""Bytes at equal look: the quality is found, the ratios are worked out, and the page and its targets say them."""

import io
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageFilter

from benchmarks.bench import main
from benchmarks.images.dssim import dssim
from benchmarks.images.middle import middle
from benchmarks.look.measure import photographs_in, shipped_photographs
from benchmarks.look.search import bytes_at_dssim, bytes_at_look, dssim_at_look, nearest, points_around
from benchmarks.report.chart import draw
from benchmarks.report.equal_look import CHART, section
from benchmarks.report.page import page
from benchmarks.report.results import EqualLook, Machine, Point, Program, Results
from benchmarks.report.targets import TARGETS, Target


def made_at(quality: int) -> Point:
    """An encoder whose look grows by one for each quality, and whose bytes double over ten."""
    return Point(quality=quality, bytes=round(1000 * 2 ** (quality / 10)), look=quality - 5.0, dssim=1 / (quality + 1))


def photograph() -> Image.Image:
    """A picture with edges and with detail of several sizes."""
    random = np.random.default_rng(3)
    noise = Image.fromarray(random.integers(0, 256, (24, 32, 3), dtype=np.uint8))
    return noise.resize((256, 192), Image.Resampling.BICUBIC)


def written(picture: Image.Image, quality: int) -> Image.Image:
    file = io.BytesIO()
    picture.save(file, "JPEG", quality=quality)
    return Image.open(file)


def test_qualities_are_tried_until_the_look_lies_between_two_files_and_one_is_near() -> None:
    points = points_around(70.0, made_at, first=62)

    assert min(point.look for point in points) <= 70 < max(point.look for point in points)
    assert abs(nearest(points, 70.0).look - 70) <= 2
    assert len(points) <= 7


def test_the_bytes_of_a_look_are_told_from_the_files_around_it() -> None:
    points = points_around(70.0, made_at, first=62)

    assert bytes_at_look(points, 70.0) == pytest.approx(1000 * 2**7.5, rel=0.001)


@pytest.mark.parametrize("look", [-50.0, 150.0])
def test_a_look_that_no_quality_has_is_out_of_reach_and_is_not_guessed(look: float) -> None:
    points = points_around(look, made_at, first=62)

    assert bytes_at_look(points, look) is None
    assert dssim_at_look(points, look) is None


def test_the_bytes_of_a_dssim_are_told_from_the_two_files_that_are_nearest() -> None:
    points = (
        Point(quality=50, bytes=100, look=50.0, dssim=0.04),
        Point(quality=60, bytes=400, look=60.0, dssim=0.01),
        Point(quality=90, bytes=9999, look=90.0, dssim=0.0001),
    )

    assert bytes_at_dssim(points, 0.02) == pytest.approx(200)


def test_equal_pictures_have_no_dssim_and_worse_files_have_more() -> None:
    picture = photograph()

    found = [dssim(picture, other) for other in (picture, *(written(picture, each) for each in (95, 75, 40, 10)))]

    assert found[0] == pytest.approx(0, abs=1e-6)
    assert found == sorted(found)
    assert found[1] > 1e-5


def test_dssim_sees_a_change_of_color_alone() -> None:
    picture = photograph()
    red, green, blue = picture.split()
    swapped = Image.merge("RGB", (blue, green, red))

    assert dssim(picture, swapped) > dssim(picture, picture.filter(ImageFilter.GaussianBlur(0.5)))


def run(*cells: EqualLook) -> Results:
    names = dict.fromkeys(cell.program for cell in cells)
    return Results(
        date="2026-11-26",
        commit="abc",
        command="make bench",
        quick=False,
        machine=Machine(processor="p", processors=2, memory_gigabytes=8.0, system="Linux", python="3.13", pinned=True),
        programs=tuple(
            Program(name=name, title=name, engine="pillow" if name == "darkroom-pillow" else None, versions={})
            for name in names
        ),
        looks=cells,
    )


def cell(program: str, size: float, seconds: float, output: str = "jpg", picture: str = "a.png") -> EqualLook:
    """Files of two looks around 70, of so many bytes at 70, which take so long."""
    points = tuple(
        Point(quality=q, bytes=round(size * 1000 * 2**p), look=70.0 + 2 * p, dssim=0.01 * 2**-p)
        for q, p in ((60, -1), (70, 1))
    )
    return EqualLook(picture=picture, format=output, program=program, points=points, seconds=(seconds, seconds))


SHARP = cell("sharp-each", 100, 0.2)


def reached(results: Results, measure: str) -> tuple[Target, list[float]]:
    (target,) = [each for each in TARGETS if each.measure == measure]
    return target, [one.value for one in target.find(results, "pillow")]


def test_bytes_at_equal_look_are_held_against_sharps_of_the_same_photograph() -> None:
    results = run(SHARP, cell("darkroom-pillow", 80, 0.1), cell("darkroom-pillow", 7, 0.1, picture="b.png"))

    target, values = reached(results, "bytes at equal look, JPEG, for one of sharp's")

    assert values == [pytest.approx(0.8)]
    assert target.is_met(values[0], target.least["pillow"])


def test_time_at_equal_look_is_held_against_the_fastest_and_more_bytes_are_an_objection() -> None:
    results = run(SHARP, cell("sharp-clones", 100, 0.15), cell("darkroom-pillow", 110, 0.1))

    (target,) = [each for each in TARGETS if each.measure == "time at equal look, JPEG, against sharp's best"]
    (found,) = target.find(results, "pillow")

    assert found.value == pytest.approx(1.5)
    assert found.objections == ("+10% bytes",)


def test_avif_is_held_against_our_own_webp() -> None:
    results = run(cell("darkroom-pillow", 100, 0.2, "webp"), cell("darkroom-pillow", 70, 0.25, "avif"))

    assert reached(results, "bytes at equal look, AVIF, for one of our own WebP")[1] == [pytest.approx(0.7)]
    assert reached(results, "time at equal look, our own WebP's for one of AVIF")[1] == [pytest.approx(0.8)]


def test_the_section_has_a_row_for_each_program_with_the_mean_and_the_worst() -> None:
    second = (replace(SHARP, picture="b.png"), cell("darkroom-pillow", 90, 0.2, picture="b.png"))
    refused = EqualLook(picture="a.png", format="jpg", program="wand", refusal="no library")

    text = section(run(SHARP, cell("darkroom-pillow", 80, 0.1), *second, refused))

    assert "| darkroom-pillow | 0.85 (0.90) | 0.85 (0.90) | 0.75 (1.00) | 150 |" in text
    assert "| sharp-each | 1.00 (1.00) | 1.00 (1.00) | 1.00 (1.00) | 200 |" in text
    assert "| wand | not measured: no library |" in text
    assert text.startswith("## Bytes at equal look\n\n![")


def test_of_many_pictures_the_targets_tell_the_worst_and_the_median() -> None:
    pictures = {"a.png": 80, "b.png": 90, "c.png": 70}
    cells = [
        replace(each, picture=name)
        for name, size in pictures.items()
        for each in (SHARP, cell("darkroom-pillow", size, 0.1))
    ]

    text = page(run(*cells))

    assert "sharp's | pillow | 0.86 x | 0.80 x | 0.90 x (b.png); the median of 3 is 0.80 x | no | yes |" in text


def test_every_picture_s_figures_are_told_and_why_a_target_is_missed() -> None:
    text = page(run(SHARP, cell("darkroom-pillow", 97, 0.1), cell("darkroom-pillow", 7, 0.1, picture="b.png")))

    assert "| pillow | JPEG: bytes | WebP: bytes |" in text
    assert "| a.png | 0.97 |  |  |  | 2.00 |" in text
    assert "- **bytes at equal look, JPEG, for one of sharp's**: " in text
    assert "- **bytes at equal look, WebP, for one of sharp's**: " not in text


def test_where_nothing_was_measured_there_is_no_section() -> None:
    assert section(run()) == ""


def test_the_chart_is_a_picture(tmp_path: Path) -> None:
    draw(run(SHARP, cell("darkroom-pillow", 80, 0.1)), tmp_path)

    with Image.open(tmp_path / CHART) as chart:
        assert chart.width > 2 * chart.height


def test_photographs_are_taken_from_a_folder_and_from_packages(tmp_path: Path) -> None:
    for name in ("b.PNG", "a.jpg", "README.md"):
        (tmp_path / name).touch()

    assert [path.name for path in photographs_in(tmp_path)] == ["a.jpg", "b.PNG"]
    assert [path.name for path in shipped_photographs() if not path.is_file()] == []


@pytest.mark.parametrize("beside", [27, 28])
def test_a_program_that_cuts_beside_a_middle_between_two_pixels_is_not_worse_for_it(beside: int) -> None:
    random = np.random.default_rng(5)
    whole = Image.fromarray(random.integers(0, 256, (600, 512), dtype=np.uint8)).convert("F")
    made = np.asarray(whole.resize((320, 375), Image.Resampling.LANCZOS))[beside : beside + 320]

    perfect = [
        np.asarray(whole.resize((320, 320), Image.Resampling.LANCZOS, box=middle((512, 600), (320, 320), shift)))
        for shift in (-0.5, 0.0, 0.5)
    ]

    unlike = [float(np.abs(made - each).mean()) for each in perfect]
    assert min(unlike) < 0.01
    assert unlike[1] > 1


@pytest.mark.parametrize(
    ("size", "shift", "part"),
    [
        ((320, 320), 0.0, (0.0, 44.0, 512.0, 556.0)),
        ((320, 320), -0.5, (0.0, 43.2, 512.0, 555.2)),
        ((512, 600), 0.5, (0.0, 0.0, 512.0, 600.0)),
    ],
)
def test_the_middle_has_the_shape_and_stays_within_the_picture(
    size: tuple[int, int], shift: float, part: tuple[float, ...]
) -> None:
    assert middle((512, 600), size, shift) == pytest.approx(part)


def test_peers_that_are_at_once_faster_and_smaller_are_counted_and_named() -> None:
    results = run(SHARP, cell("wand", 99, 0.1), cell("sharp-clones", 80, 0.3), cell("darkroom-pillow", 110, 0.25))

    (target,) = [each for each in TARGETS if each.measure == "peers at once faster and smaller at equal look"]
    (found,) = target.find(results, "pillow")

    assert (found.value, found.of) == (2, "a.png to jpg: sharp-each, wand")
    assert not target.is_met(found.value, target.least["pillow"])


def test_a_folder_without_a_photograph_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--photos", str(tmp_path)])

    assert "is no folder with a photograph" in capsys.readouterr().err

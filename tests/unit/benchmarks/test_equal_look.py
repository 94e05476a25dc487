"""Bytes at equal look: the quality is found, the ratios are worked out, and the page and its targets say them."""

import io
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageFilter

from benchmarks.bench import main
from benchmarks.images.dssim import dssim
from benchmarks.look.measure import photographs_in, shipped_photographs
from benchmarks.look.search import bytes_at_dssim, bytes_at_look, dssim_at_look, nearest, points_around
from benchmarks.report.chart import draw
from benchmarks.report.equal_look import CHART, section
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
    points = points_around(70.0, made_at)

    assert min(point.look for point in points) <= 70 < max(point.look for point in points)
    assert abs(nearest(points, 70.0).look - 70) <= 2
    assert len(points) <= 7


def test_the_bytes_of_a_look_are_told_from_the_files_around_it() -> None:
    points = points_around(70.0, made_at)

    assert bytes_at_look(points, 70.0) == pytest.approx(1000 * 2**7.5, rel=0.001)


@pytest.mark.parametrize("look", [-50.0, 150.0])
def test_a_look_that_no_quality_has_is_out_of_reach_and_is_not_guessed(look: float) -> None:
    points = points_around(look, made_at)

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


def test_a_folder_without_a_photograph_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--photos", str(tmp_path)])

    assert "is no folder with a photograph" in capsys.readouterr().err

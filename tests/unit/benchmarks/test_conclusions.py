"""What the benchmarks conclude from what they measured: ratios, similarity, targets and the page."""

import json
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from benchmarks.bench import main
from benchmarks.engines import choosing, engines, versions_of
from benchmarks.images.similarity import Original, similarity
from benchmarks.rendering import Pace
from benchmarks.report.page import page
from benchmarks.report.ratios import compare, fastest, median_ratio
from benchmarks.report.reasons import REASONS
from benchmarks.report.results import (
    Cell,
    FirstAnswer,
    Machine,
    Measured,
    Program,
    Results,
    RuntimeAnswer,
    RuntimeStart,
    Source,
    Start,
)
from benchmarks.report.table import table
from benchmarks.report.targets import TARGETS
from benchmarks.workers import PROJECT, last_words
from resize.imaging.engine import Engine

OURS = Measured(program="darkroom-pillow", seconds=(1.0, 2.0, 1.0), bytes=100, pixels=0.995, file=0.95)
PEER = Measured(program="sharp-clones", seconds=(2.0, 4.0, 2.0), bytes=100, pixels=0.999, file=0.95)


def results(*measured: Measured) -> Results:
    """One cell of one run."""
    return Results(
        date="2026-11-24",
        commit="abc",
        command="make bench",
        quick=False,
        machine=Machine(
            processor="a | processor", processors=2, memory_gigabytes=8.0, system="Linux", python="3.13", pinned=True
        ),
        programs=(
            Program(name="darkroom-pillow", title="Darkroom, pillow", engine="pillow", versions={"pillow": "13"}),
            Program(name="sharp-clones", title="sharp, cloned", versions={}, missing="no\nNode | here"),
        ),
        sources=(Source(name="6-megapixels.jpg", bytes=1_000_000, width=3000, height=2000, frames=1),),
        cells=(Cell(source="6-megapixels.jpg", format="jpg", measured=measured),),
    )


def noise(seed: int = 1) -> Image.Image:
    """A picture with detail everywhere."""
    values = np.random.default_rng(seed).integers(0, 256, (60, 90, 3), dtype=np.uint8)
    return Image.fromarray(values)


def test_a_round_in_which_the_machine_was_slow_does_not_move_the_ratio() -> None:
    assert median_ratio((2.0, 40.0, 2.0), (1.0, 20.0, 1.0)) == 2.0


def test_a_program_that_is_timed_once_is_held_against_the_other_ones_median() -> None:
    assert median_ratio((6.0,), (1.0, 2.0, 3.0)) == 3.0


@pytest.mark.parametrize(
    ("ours", "objection"),
    [
        (replace(OURS, pixels=0.9899), "SSIM 0.990"),
        (replace(OURS, bytes=104), "+4% bytes"),
        (replace(OURS, file=0.93), "file SSIM -0.020"),
    ],
)
def test_a_speed_that_was_bought_with_quality_or_bytes_does_not_count(ours: Measured, objection: str) -> None:
    assert compare(ours, PEER).objections == (objection,)


def test_a_speed_at_the_very_limits_counts() -> None:
    compared = compare(replace(OURS, pixels=0.99, bytes=103), PEER)

    assert (compared.speed, compared.counts) == (2.0, True)


def test_a_peer_that_could_not_do_it_is_never_its_best() -> None:
    refused = Measured(program="sharp-each", refusal="no")

    assert fastest([refused, PEER], ["sharp-each", "sharp-clones"]) == PEER
    assert fastest([refused], ["sharp-each"]) is None


def test_a_cell_is_measured_for_its_seconds_but_for_no_fewer_than_its_rounds() -> None:
    times = iter([0.0, 5.0, 11.0])

    assert list(Pace(fewest=2, most=9, seconds=10.0).rounds(clock=lambda: next(times))) == [0, 1, 2]


def test_similarity_is_one_for_equal_pictures_and_near_none_for_unrelated_ones() -> None:
    one, other = (np.asarray(noise(seed).convert("L"), dtype=np.float32) for seed in (1, 2))

    assert similarity(one, one) == pytest.approx(1.0)
    assert similarity(one, other) < 0.1


@pytest.mark.parametrize("cover", [False, True])
def test_a_lanczos_from_full_size_is_all_but_perfect_and_nearest_is_not(*, cover: bool) -> None:
    size, box = ((20, 20), (15, 0, 75, 60)) if cover else ((30, 20), (0, 0, 90, 60))
    original = Original(noise())

    careful = noise().resize(size, Image.Resampling.LANCZOS, box=box)
    careless = noise().resize(size, Image.Resampling.NEAREST, box=box)

    assert original.least_similarity(careful, cover=cover) > 0.99
    assert original.least_similarity(careless, cover=cover) < 0.9


def test_a_picture_that_lost_its_transparency_is_not_like_its_original() -> None:
    transparent = noise()
    transparent.putalpha(Image.new("L", transparent.size, 0))
    opaque = transparent.copy()
    opaque.putalpha(255)

    assert Original(transparent).least_similarity(transparent, cover=False) == pytest.approx(1.0)
    assert Original(transparent).least_similarity(opaque, cover=False) < 0.1


def test_a_table_has_words_first_and_figures_to_the_right() -> None:
    assert table(("a", "b"), [("one", "1")]) == "| a | b |\n| --- | ---: |\n| one | 1 |"


def test_the_page_says_what_was_reached_and_what_was_not_measured() -> None:
    start = RuntimeStart(
        engine="pillow", python="CPython", processors=1, rounds=(RuntimeAnswer(init=0.3, seconds=0.5),)
    )

    text = page(replace(results(OURS, PEER), runtime_starts=(start,)))

    assert "| cold start on one processor, the real runtime | pillow | 400 ms | 320 ms | 500 ms | no | yes |" in text
    assert "| batch of ten, JPEG, against one after another | pillow | 3.00 x | 4.00 x | not measured |" in text


def test_the_page_names_every_objection_and_every_missing_program() -> None:
    text = page(results(replace(OURS, bytes=110), PEER))

    assert "2.00 x (not counted: +10% bytes) |" in text
    assert "| sharp, cloned | missing here: no Node \\| here |" in text


@pytest.mark.parametrize(
    ("log", "words"),
    [
        ("Traceback:\n  File x\nImportError: no library\nTry:\n  apt-get\n", "ImportError: no library Try: apt-get"),
        ("starting\nkilled\n", "killed"),
        ("", "the program ended without a word"),
    ],
)
def test_a_program_that_is_missing_says_why_in_its_errors_own_words(log: str, words: str) -> None:
    assert last_words(log) == words


START = Start(
    engine="pillow",
    processors=2,
    rounds=(FirstAnswer(python=0.1, imports=0.1, making=0.1, job=0.1, function_bytes=1, child_bytes=1),),
)


def test_the_page_has_the_cold_starts_under_the_runtime_or_says_how_to_set_it_up() -> None:
    rounds = (RuntimeAnswer(init=0.3, seconds=0.5), RuntimeAnswer(init=0.4, seconds=0.7))
    under_runtime = RuntimeStart(engine="pillow", python="CPython 3.14.8 x86_64", processors=2, rounds=rounds)
    without = replace(results(OURS), starts=(START,))

    assert "| pillow | CPython 3.14.8 x86_64 | 2 | 350 | 600 |" in page(
        replace(without, runtime_starts=(under_runtime,))
    )
    assert "`make test-runtime` fetches it." in page(without)


def test_every_engine_has_a_least_for_every_target() -> None:
    assert {tuple(sorted(target.least)) for target in TARGETS} == {("pillow", "vips")}


def test_the_figures_file_has_every_round() -> None:
    written = json.loads(results(OURS, PEER).to_json())

    assert written["cells"][0]["measured"][0]["seconds"] == [1.0, 2.0, 1.0]


def test_no_uploads_are_refused_with_what_was_wrong(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--uploads", "0"])

    assert "'0' is no whole number above 0" in capsys.readouterr().err


def test_the_engines_are_measured_that_a_stack_can_have_the_default_first() -> None:
    assert engines() == ("pillow", "vips")
    assert choosing("vips") == {"engine": Engine.VIPS}
    assert all(versions_of(engine) for engine in engines())


def test_results_that_were_written_are_read_back_whole() -> None:
    rounds = (RuntimeAnswer(init=0.3, seconds=0.5),)
    starts = (RuntimeStart(engine="pillow", python="CPython", processors=1, rounds=rounds),)
    measured = replace(results(OURS, PEER), starts=(START,), runtime_starts=starts)

    assert Results.from_json(measured.to_json()) == measured
    assert Results.from_json((PROJECT / "docs" / "benchmarks.json").read_text(encoding="utf-8")).cells


def test_the_published_page_is_what_its_figures_come_to_and_every_missed_target_has_a_reason() -> None:
    docs = PROJECT / "docs"
    published = (docs / "benchmarks.md").read_text(encoding="utf-8")

    assert published == page(Results.from_json((docs / "benchmarks.json").read_text(encoding="utf-8")))
    assert "nobody has found out yet" not in published


def test_every_reason_is_that_of_a_target() -> None:
    assert REASONS.keys() - {target.measure for target in TARGETS} == set()

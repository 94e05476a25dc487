"""What quality and effort come to: defaults by format, and what each encoder does with them."""

from typing import Any

import pytest
from PIL import Image

from resize.imaging.encoding import DEFAULTS, REVISIONS, Encoding, Numbers, numbers_of
from resize.imaging.engine import Engine
from resize.imaging.geometry import Size
from resize.imaging.limits import Limits
from resize.imaging.render import render
from resize.imaging.variants import Format
from support.imaging.images import encoded, opened, variant
from support.imaging.likeness import natural

ENGINES = list(Engine)
LARGE, SMALL = Size(600, 450), Size(320, 240)


def body_of(engine: Engine, picture: Image.Image | None = None, **options: Any) -> bytes:
    """The file that an engine makes of a picture of a size above all thresholds."""
    source = encoded(picture or natural(*LARGE))
    return render(source, [variant(**options)], Limits(), None, engine).renditions[0].body


def chroma_halvings(avif: bytes) -> tuple[int, int]:
    """Whether an AVIF halves its colors' width and height, from `av1C` (aomediacodec.github.io/av1-isobmff)."""
    flags = avif[avif.index(b"av1C") + 6]
    return flags >> 3 & 1, flags >> 2 & 1


@pytest.mark.parametrize("output", Format)
def test_a_variant_has_its_own_numbers_or_those_of_its_format(output: Format) -> None:
    assert numbers_of(variant(format=output), output) == DEFAULTS[output]
    assert numbers_of(variant(quality=7, effort=0), output) == Numbers(7, 0)
    assert numbers_of(variant(effort=6), output) == Numbers(DEFAULTS[output].quality, 6)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("output", [Format.WEBP, Format.JPEG, Format.AVIF])
def test_what_no_number_is_set_for_is_written_with_the_defaults(engine: Engine, output: Format) -> None:
    numbers = DEFAULTS[output]

    assert body_of(engine, format=output) == body_of(
        engine, format=output, quality=numbers.quality, effort=numbers.effort
    )


def test_every_effort_of_every_format_has_a_revision() -> None:
    assert {output: len(REVISIONS[output]) for output in Format} == dict.fromkeys(Format, 7)


@pytest.mark.parametrize("quality", [1, 24, 50, 62, 80, 95, 100])
def test_a_jpeg_is_quantized_alike_by_both_engines_and_as_its_quality_says(quality: int) -> None:
    expected = Encoding(format=Format.JPEG, quality=quality, effort=3, size=LARGE).quantization

    for engine in ENGINES:
        tables = opened(body_of(engine, format=Format.JPEG, quality=quality)).quantization  # type: ignore[attr-defined]
        assert list(map(list, tables.values())) in ([expected], [expected, expected])


@pytest.mark.parametrize("engine", ENGINES)
def test_a_jpeg_has_several_scans_from_effort_4_on_unless_it_is_small(engine: Engine) -> None:
    large = [opened(body_of(engine, format=Format.JPEG, effort=effort)).info for effort in range(7)]
    small = [opened(body_of(engine, natural(*SMALL), format=Format.JPEG, effort=effort)).info for effort in range(7)]

    assert [bool(info.get("progressive")) for info in large] == [False] * 4 + [True] * 3
    assert not any(info.get("progressive") for info in small)


@pytest.mark.parametrize("engine", ENGINES)
def test_a_jpeg_with_tables_of_its_own_is_smaller_and_looks_the_same(engine: Engine) -> None:
    fast, usual = (body_of(engine, format=Format.JPEG, effort=effort) for effort in (2, 3))

    assert len(usual) < len(fast)
    assert opened(usual).tobytes() == opened(fast).tobytes()


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("effort", [2, 3, 6])
def test_a_jpeg_of_nothing_but_noise_is_written_at_the_best_quality(engine: Engine, effort: int) -> None:
    noise = Image.merge("RGB", [Image.effect_noise(LARGE, 250) for _ in range(3)])

    assert opened(body_of(engine, noise, format=Format.JPEG, quality=100, effort=effort)).size == LARGE


def test_libvips_makes_a_jpeg_smaller_still_at_the_most_effort() -> None:
    usual, most = (len(body_of(Engine.VIPS, format=Format.JPEG, effort=effort)) for effort in (5, 6))

    assert most < 0.95 * usual


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(
    ("size", "effort", "halvings"),
    [
        (LARGE, 2, (0, 0)),
        (LARGE, 6, (0, 0)),
        (LARGE, 1, (1, 1)),
        (Size(801, 30), 2, (1, 1)),
        (Size(30, 800), 2, (0, 0)),
    ],
)
def test_a_small_avif_keeps_its_colors_whole_unless_it_is_to_be_fast(
    engine: Engine, size: Size, effort: int, halvings: tuple[int, int]
) -> None:
    assert chroma_halvings(body_of(engine, natural(*size), format=Format.AVIF, effort=effort)) == halvings


@pytest.mark.parametrize("engine", ENGINES)
def test_a_transparent_webp_is_never_tried_with_the_method_that_takes_seconds(engine: Engine) -> None:
    picture = natural(*SMALL)
    picture.putalpha(Image.linear_gradient("L").resize(SMALL))

    transparent = [body_of(engine, picture, format=Format.WEBP, effort=effort) for effort in (5, 6)]
    opaque = [body_of(engine, natural(*SMALL), format=Format.WEBP, effort=effort) for effort in (5, 6)]

    assert transparent[0] == transparent[1]
    assert opaque[0] != opaque[1]

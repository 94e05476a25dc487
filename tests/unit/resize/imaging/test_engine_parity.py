"""Both engines make the same of an image: its size, its orientation, its opacity, its frames, and nearly its pixels."""

from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image, ImageSequence

from contract.errors import Reason
from resize.errors import ImageRejectedError
from resize.imaging.engine import Engine
from resize.imaging.limits import Limits
from resize.imaging.render import render
from resize.imaging.rendition import Rendered
from resize.imaging.variants import Fit, Format, Gravity, Variant
from support.imaging.formats import pictures
from support.imaging.images import animation, encoded, exif, opened, quadrants, variant
from support.imaging.likeness import natural, similarity

SAMPLES = Path(__file__).parents[4] / "samples"
ALIKE = 0.985
# A file of the one engine may be larger than the other's by so much: the same numbers mean the same effort and quality.
AS_LARGE = 1.1

# At the best quality, so that what is compared is more than the noise of two encoders.
VARIANTS = (
    variant("large", width=300, format=Format.WEBP, quality=100),
    variant("square", width=100, height=100, fit=Fit.COVER, gravity=Gravity.NORTH, format=Format.PNG),
    variant("framed", width=120, height=90, fit=Fit.CONTAIN, background="#3060a080", format=Format.PNG),
    variant("flat", width=250, format=Format.JPEG, quality=100, background="#208040"),
    variant("tiny", width=40, format=Format.AVIF, quality=100),
    variant("kept", width=210, format=None, quality=100),
)


def of_both(source: bytes, *variants: Variant) -> tuple[Rendered, Rendered]:
    """What Pillow makes of an image, and what libvips does."""
    made = (render(source, variants, Limits(), None, engine) for engine in (Engine.PILLOW, Engine.VIPS))
    return next(made), next(made)


def reason_of(source: bytes, engine: Engine) -> Reason:
    with pytest.raises(ImageRejectedError) as refused:
        render(source, VARIANTS, Limits(), None, engine)
    return refused.value.reason


def frames_of(body: bytes) -> list[Image.Image]:
    return [frame.convert("RGBA") for frame in ImageSequence.Iterator(opened(body))]


def likeness(one: Image.Image, other: Image.Image) -> float:
    """The least of how alike they are on black, on white, and in their opacity."""
    opacity = similarity(one.getchannel("A"), other.getchannel("A"))
    canvases = [Image.new("RGBA", one.size, color) for color in ("black", "white")]
    on_canvas = [similarity(*(Image.alpha_composite(canvas, each) for each in (one, other))) for canvas in canvases]
    return min(opacity, *on_canvas)


def assert_alike(source: bytes, *variants: Variant) -> None:
    by_pillow, by_vips = of_both(source, *variants)
    assert (by_vips.format, by_vips.width, by_vips.height) == (by_pillow.format, by_pillow.width, by_pillow.height)
    assert by_vips.frames == by_pillow.frames
    for one, other in zip(by_pillow.renditions, by_vips.renditions, strict=True):
        assert (other.variant, other.format) == (one.variant, one.format)
        assert (other.width, other.height) == (one.width, one.height), one.variant
        assert opened(other.body).mode == opened(one.body).mode, one.variant
        pairs = list(zip(frames_of(one.body), frames_of(other.body), strict=True))
        assert min(likeness(*pair) for pair in pairs) >= ALIKE, one.variant


def detailed(mode: str = "RGB", width: int = 450, height: int = 330) -> Image.Image:
    """As a photograph; its opacity, if it has one, goes from left to right."""
    picture = natural(width, height)
    if "A" in mode:
        picture.putalpha(Image.linear_gradient("L").rotate(90).resize(picture.size))
    return picture.convert(mode)


DETAILED: dict[str, Callable[[], bytes]] = {
    "jpeg": lambda: encoded(detailed(), "JPEG"),
    "progressive jpeg": lambda: encoded(detailed(), "JPEG", progressive=True),
    "jpeg that the decoder shrinks": lambda: encoded(detailed(width=1500, height=1100), "JPEG"),
    "jpeg of inks": lambda: encoded(detailed("CMYK"), "JPEG"),
    "grey jpeg": lambda: encoded(detailed("L"), "JPEG"),
    "png": lambda: encoded(detailed()),
    "png with opacity": lambda: encoded(detailed("RGBA")),
    "grey png with opacity": lambda: encoded(detailed("LA")),
    "webp": lambda: encoded(detailed(), "WEBP"),
    "webp with opacity": lambda: encoded(detailed("RGBA"), "WEBP"),
    "avif": lambda: encoded(detailed(), "AVIF"),
    "tiff": lambda: encoded(detailed(), "TIFF", compression="tiff_lzw"),
    "bmp": lambda: encoded(detailed(), "BMP"),
    **{f"turned by {n}": lambda n=n: encoded(detailed(), "JPEG", exif=exif(n)) for n in range(2, 9)},  # type: ignore[misc]
}


@pytest.mark.long
@pytest.mark.parametrize("make", DETAILED.values(), ids=DETAILED)
def test_a_detailed_picture_is_alike(make: Callable[[], bytes]) -> None:
    assert_alike(make(), *VARIANTS)


@pytest.mark.parametrize("name", pictures())
def test_a_picture_of_each_format_has_the_same_size_shape_and_frames(name: str) -> None:
    source = pictures()[name]

    assert_alike(source, *(variant(output, format=output, quality=95) for output in Format if output != Format.GIF))


@pytest.mark.parametrize("name", sorted(path.name for path in SAMPLES.iterdir() if path.suffix != ".md"))
def test_a_sample_is_alike_or_refused_for_the_same_reason(name: str) -> None:
    source = (SAMPLES / name).read_bytes()
    if name == "half-uploaded.jpg":
        assert [reason_of(source, engine) for engine in Engine] == [Reason.CORRUPT, Reason.CORRUPT]
    else:
        assert_alike(source, *VARIANTS)


@pytest.mark.parametrize("kind", ["GIF", "WEBP", "AVIF"])
@pytest.mark.parametrize("output", [Format.GIF, Format.WEBP])
def test_an_animation_is_alike_and_lasts_as_long(kind: str, output: Format) -> None:
    frames = [quadrants(90, 60), quadrants(90, 60).rotate(180), quadrants(90, 60).rotate(90)]
    source = animation(kind, frames, [130, 70, 200], **({} if kind == "AVIF" else {"loop": 3}))

    one, other = (made.renditions[0].body for made in of_both(source, variant(width=60, format=output, quality=95)))
    assert_alike(source, variant(width=60, format=output, quality=95))
    timing = [[frame.info.get("duration") for frame in ImageSequence.Iterator(opened(body))] for body in (one, other)]
    assert timing[0] == timing[1]
    assert opened(one).info.get("loop") == opened(other).info.get("loop")


@pytest.mark.long
@pytest.mark.parametrize("output", [Format.WEBP, Format.JPEG, Format.PNG, Format.AVIF])
@pytest.mark.parametrize(("quality", "effort"), [(50, 2), (80, 4), (92, 6)])
def test_the_same_quality_and_effort_cost_the_same_bytes(output: Format, quality: int, effort: int) -> None:
    source = encoded(detailed(width=600, height=450))

    by_pillow, by_vips = of_both(source, variant(width=400, format=output, quality=quality, effort=effort))
    one, other = (len(made.renditions[0].body) for made in (by_pillow, by_vips))
    assert one / AS_LARGE <= other <= one * AS_LARGE


def test_placeholders_are_alike() -> None:
    by_pillow, by_vips = of_both(encoded(Image.new("RGB", (90, 60), "#204080")), variant())

    assert (by_vips.dominant_colour, by_vips.thumbhash) == (by_pillow.dominant_colour, by_pillow.thumbhash)

"""Quality: what the quick way makes is hardly to be told from Lanczos straight from full size."""

import io

import pytest
from PIL import Image

from resize.imaging.variants import Fit
from support.imaging.images import encoded, opened, rendered, variant
from support.imaging.likeness import natural, similarity

pytestmark = [pytest.mark.long, pytest.mark.usefixtures("engine")]

WIDTHS = [600, 300, 120]
AS_GOOD = 0.99


def straight(picture: Image.Image, width: int) -> Image.Image:
    return picture.resize((width, round(width * picture.height / picture.width)), Image.Resampling.LANCZOS)


@pytest.mark.parametrize("widths", [WIDTHS, [400, 200, 100], [600, 545, 496, 451]], ids=["apart", "tight", "close"])
@pytest.mark.parametrize("kind", ["PNG", "JPEG"])
def test_every_size_is_as_good_as_lanczos_straight_from_full_size(kind: str, widths: list[int]) -> None:
    """Whether the cheap steps end far above the largest, as near as they may, or every step is a small one."""
    source = encoded(natural(), kind)
    full = Image.open(io.BytesIO(source))

    renditions = rendered(source, *(variant(str(width), width=width) for width in widths)).renditions
    for width, rendition in zip(widths, renditions, strict=True):
        assert similarity(opened(rendition.body), straight(full, width)) >= AS_GOOD


@pytest.mark.parametrize("kind", ["PNG", "JPEG"])
@pytest.mark.parametrize("width", WIDTHS)
def test_a_size_alone_is_as_good(kind: str, width: int) -> None:
    source = encoded(natural(), kind)

    (rendition,) = rendered(source, variant(width=width)).renditions
    assert similarity(opened(rendition.body), straight(Image.open(io.BytesIO(source)), width)) >= AS_GOOD


def test_what_a_cut_keeps_is_as_good() -> None:
    source = encoded(natural())

    (rendition,) = rendered(source, variant(width=150, height=150, fit=Fit.COVER)).renditions
    middle = straight(natural(), 200).crop((25, 0, 175, 150))
    assert similarity(opened(rendition.body), middle) >= AS_GOOD


def test_opacity_is_as_good() -> None:
    picture = natural(bands=4)

    (rendition,) = rendered(encoded(picture), variant(width=300)).renditions
    found, expected = opened(rendition.body), straight(picture, 300)
    assert similarity(found.getchannel("A"), expected.getchannel("A")) >= AS_GOOD
    for background in ("black", "white"):
        canvas = Image.new("RGBA", found.size, background)
        assert similarity(Image.alpha_composite(canvas, found), Image.alpha_composite(canvas, expected)) >= AS_GOOD

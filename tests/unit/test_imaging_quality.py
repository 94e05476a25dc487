"""Quality: what the quick way makes is hardly to be told from Lanczos straight from full size."""

import io

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from builders.images import encoded, opened, rendered, variant
from resize.variants import Fit

WIDTHS = [600, 300, 120]
AS_GOOD = 0.99


def natural(width: int = 1200, height: int = 900, bands: int = 3) -> Image.Image:
    """Noise whose contrast falls with its frequency, as in photographs (Field 1987), always the same."""
    random = np.random.default_rng(7)
    across, down = np.fft.rfftfreq(width)[None, :], np.fft.fftfreq(height)[:, None]
    frequency = np.maximum(np.hypot(across, down), 1 / max(width, height))
    layers = []
    for _ in range(bands):
        waves = random.normal(size=frequency.shape) + 1j * random.normal(size=frequency.shape)
        layer = np.fft.irfft2(waves / frequency**1.1, s=(height, width))
        layers.append(128 + 50 * (layer - layer.mean()) / layer.std())
    return Image.fromarray(np.clip(np.stack(layers, axis=-1), 0, 255).astype(np.uint8))


def similarity(one: Image.Image, other: Image.Image) -> float:
    """SSIM of lightness (Wang et al. 2004), over windows of 7 x 7."""
    a, b = (np.asarray(picture.convert("L"), dtype=float) for picture in (one, other))
    mean_a, mean_b = _windows(a), _windows(b)
    spread_a, spread_b = _windows(a * a) - mean_a**2, _windows(b * b) - mean_b**2
    together = _windows(a * b) - mean_a * mean_b
    likeness = (2 * mean_a * mean_b + 6.5025) * (2 * together + 58.5225)
    return float(np.mean(likeness / ((mean_a**2 + mean_b**2 + 6.5025) * (spread_a + spread_b + 58.5225))))


def _windows(values: NDArray[np.float64]) -> NDArray[np.float64]:
    sums = np.pad(values.cumsum(axis=0).cumsum(axis=1), ((1, 0), (1, 0)))
    return np.asarray((sums[7:, 7:] - sums[:-7, 7:] - sums[7:, :-7] + sums[:-7, :-7]) / 49)


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

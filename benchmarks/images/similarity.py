"""How like two pictures are (SSIM), and what a perfect resizer would have made.

Lanczos in floats, from full size. Z. Wang et al., "Image quality assessment: from error visibility to structural
similarity", 2004: of lightness, here over windows of 7 x 7.
"""

from functools import cache, partial
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from benchmarks.images.middle import middle

Pixels: TypeAlias = NDArray[np.float32]

_WINDOW = 7
_STEADY_MEAN = (0.01 * 255) ** 2
_STEADY_SPREAD = (0.03 * 255) ** 2

# What shows behind a transparent picture: one that is wrong in its opacity is wrong before one of these.
_BACKGROUNDS = (255.0, 0.0)


class Original:
    """A source, and what a perfect resizer would make of it, made once for each size."""

    def __init__(self, picture: Image.Image) -> None:
        self.size = picture.size
        self._lightness = cache(partial(_full_lightness, picture))
        self._perfect = cache(self._resized)

    def least_similarity(self, made: Image.Image, *, cover: bool) -> float:
        """Hold a resized picture against the perfect one of its size.

        It is held before white and, if it is transparent, black.
        """
        backgrounds = _BACKGROUNDS if made.has_transparency_data else _BACKGROUNDS[:1]
        return min(similarity(lightness(made, shown), self._perfect(made.size, cover, shown)) for shown in backgrounds)

    def _resized(self, size: tuple[int, int], cover: bool, background: float) -> Pixels:  # noqa: FBT001 - cached by it
        """Resize in floats; for `cover` the part in the middle that has the shape of `size`."""
        box = middle(self.size, size) if cover else (0.0, 0.0, float(self.size[0]), float(self.size[1]))
        resized = self._lightness(background).resize(size, Image.Resampling.LANCZOS, box=box)
        return np.asarray(np.clip(np.asarray(resized), 0, 255), dtype=np.float32)


def lightness(picture: Image.Image, background: float = 255.0) -> Pixels:
    """Weigh the colors as Rec. 601 does, before a background of this lightness."""
    if not picture.has_transparency_data:
        return _weighed(picture.convert("RGB"))
    transparent = picture.convert("RGBA")
    opacity = np.asarray(transparent.getchannel("A"), dtype=np.float32) / 255
    shown = _weighed(transparent.convert("RGB")) * opacity + background * (1 - opacity)
    return np.asarray(shown, dtype=np.float32)


def similarity(first: Pixels, second: Pixels) -> float:
    """Give the mean SSIM of two pictures of one size: 1.0 for equal ones."""
    one, other = first.astype(np.float64), second.astype(np.float64)
    mean_one, mean_other = _means(one), _means(other)
    spread_one, spread_other = _means(one * one) - mean_one**2, _means(other * other) - mean_other**2
    together = _means(one * other) - mean_one * mean_other
    likeness = (2 * mean_one * mean_other + _STEADY_MEAN) * (2 * together + _STEADY_SPREAD)
    scale = (mean_one**2 + mean_other**2 + _STEADY_MEAN) * (spread_one + spread_other + _STEADY_SPREAD)
    return float(np.mean(likeness / scale))


def _full_lightness(picture: Image.Image, background: float) -> Image.Image:
    return Image.fromarray(lightness(picture, background))


def _weighed(picture: Image.Image) -> Pixels:
    return np.asarray(picture, dtype=np.float32) @ np.array([0.299, 0.587, 0.114], dtype=np.float32)


def _means(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Take the mean of every window, by sums of sums."""
    sums = np.pad(values, ((1, 0), (1, 0))).cumsum(axis=0).cumsum(axis=1)
    step = _WINDOW
    windows = sums[step:, step:] - sums[:-step, step:] - sums[step:, :-step] + sums[:-step, :-step]
    return np.asarray(windows / step**2, dtype=np.float64)

"""Builds pictures as detailed as photographs, and says how alike two pictures are."""

import numpy as np
from numpy.typing import NDArray
from PIL import Image


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

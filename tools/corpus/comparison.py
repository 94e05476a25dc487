"""Compare two programs' renderings of one file.

Colors are compared multiplied by their opacity, so a pixel that nobody sees has none. A pixel's difference is the
largest of its four bands', in levels of 255.
"""

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from PIL import Image

from benchmarks.images.similarity import lightness, similarity
from tools.corpus.picture import Animation, Shown

# Above, both pictures are reduced alike before they are compared: what is wrong in a large picture is wrong over
# more than a few pixels.
_MOST_PIXELS = 2_000_000

# Renditions keep whole milliseconds, GIF hundredths of a second, animated PNG any fraction.
_MILLISECONDS_A_FRAME = 1.0

# The window of SSIM: smaller pictures have none.
_SMALLEST_SIDE = 7
_BACKGROUNDS = (255.0, 0.0)
_OPAQUE = (255, 255)


class Kind(StrEnum):
    """In what two pictures differ."""

    OUTCOME = "outcome"  # one is no picture
    SIZE = "size"
    PIXELS = "pixels"
    FRAMES = "frames"
    TIMES = "times"
    PLAYS = "plays"
    FRAME_PIXELS = "frame pixels"


@dataclass(frozen=True, slots=True, kw_only=True)
class Tolerance:
    """How far apart pictures may be and count as the same.

    `mean` and `levels` are levels of 255; at most `share` of the pixels, 0 to 1, may differ by more than `levels`;
    `similarity` is the least SSIM.
    """

    mean: float
    levels: int
    share: float
    similarity: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """How far apart two pictures are: see Tolerance.

    `worst` is the largest difference of a pixel.
    """

    mean: float
    share: float
    worst: int
    similarity: float | None = None

    def is_within(self, tolerance: Tolerance) -> bool:
        """Tell whether the pictures count as the same."""
        alike = self.similarity is None or self.similarity >= tolerance.similarity
        return alike and self.mean <= tolerance.mean and self.share <= tolerance.share

    def __str__(self) -> str:
        parts = [f"mean {self.mean:.1f}", f"{100 * self.share:.2f} % beyond", f"worst {self.worst}"]
        return ", ".join(parts + ([] if self.similarity is None else [f"SSIM {self.similarity:.3f}"]))


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """In what two pictures differ first, and by how much."""

    kind: Kind
    detail: str


def difference(right: Shown, other: Shown, still: Tolerance, moving: Tolerance) -> Difference | None:
    """Find in what a picture differs from the right one first, or None if in nothing."""
    if right.size != other.size:
        return Difference(kind=Kind.SIZE, detail=f"{right} became {other}")
    measured = measure(right.still, other.still, still)
    if not measured.is_within(still):
        return Difference(kind=Kind.PIXELS, detail=str(measured))
    if right.frames != other.frames:
        return Difference(kind=Kind.FRAMES, detail=f"{right.frames} became {other.frames}")
    if right.animation is None or other.animation is None:
        return None
    return _difference_in_time(right.animation, other.animation, moving)


def measure(one: Image.Image, other: Image.Image, tolerance: Tolerance) -> Measure:
    """Measure how far apart two RGBA pictures are.

    If one is smaller, the other is reduced to its size.
    """
    size = min(one.size, other.size)
    first, second = _reduced(one, size), _reduced(other, size)
    levels = np.abs(_premultiplied(first) - _premultiplied(second))
    worst = levels.max(axis=2)
    return Measure(
        mean=float(max(levels[:, :, :3].mean(), levels[:, :, 3].mean())),
        share=float((worst > tolerance.levels).mean()),
        worst=int(worst.max()),
        similarity=_similarity(first, second) if tolerance.similarity and min(first.size) >= _SMALLEST_SIDE else None,
    )


def _difference_in_time(right: Animation, other: Animation, tolerance: Tolerance) -> Difference | None:
    """Compare what is shown in the middle of each frame's time: an encoder may join frames that are the same.

    If it joined all of them, there is nothing left to play.
    """
    moves = len(other.frames) > 1
    if moves and right.plays != other.plays:
        return Difference(kind=Kind.PLAYS, detail=f"{_plays(right)} became {_plays(other)}")
    if moves and abs(right.milliseconds - other.milliseconds) > _MILLISECONDS_A_FRAME * len(right.frames):
        detail = f"{right.milliseconds:.0f} ms became {other.milliseconds:.0f} ms"
        return Difference(kind=Kind.TIMES, detail=detail)
    start = 0.0
    for number, frame in enumerate(right.frames):
        shown = other.frame_at(start + frame.shown_milliseconds / 2).image
        if frame.image and shown:
            measured = measure(frame.image, shown, tolerance)
            if not measured.is_within(tolerance):
                return Difference(kind=Kind.FRAME_PIXELS, detail=f"frame {number}: {measured}")
        start += frame.shown_milliseconds
    return None


def _reduced(picture: Image.Image, size: tuple[int, int]) -> Image.Image:
    scaled = picture if picture.size == size else picture.resize(size, Image.Resampling.BOX)
    factor = int(np.ceil(np.sqrt(size[0] * size[1] / _MOST_PIXELS)))
    return scaled.reduce(factor) if factor > 1 else scaled


def _premultiplied(picture: Image.Image) -> np.ndarray[tuple[int, int, int], np.dtype[np.int16]]:
    return np.asarray(picture.convert("RGBa")).astype(np.int16)


def _similarity(one: Image.Image, other: Image.Image) -> float:
    """Give the SSIM of two pictures before white and, unless both are opaque, before black, the smaller of both."""
    are_opaque = all(picture.getchannel("A").getextrema() == _OPAQUE for picture in (one, other))
    backgrounds = _BACKGROUNDS[:1] if are_opaque else _BACKGROUNDS
    return min(similarity(lightness(one, shown), lightness(other, shown)) for shown in backgrounds)


def _plays(animation: Animation) -> str:
    return f"{animation.plays} plays" if animation.plays else "plays without end"

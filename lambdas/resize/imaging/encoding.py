"""Encoding: format, quality and effort, and what an encoder makes of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from resize.imaging.geometry import Size
from resize.imaging.variants import Format, Slot, Variant, variants_to_json


@dataclass(frozen=True, slots=True)
class Numbers:
    """A quality of 1 to 100, and an effort of 0 (fast) to 6 (small).

    PNG and GIF ignore the quality.
    """

    quality: int
    effort: int


# Where a variant sets none: docs/configuration.md. Qualities look alike, as judged by SSIMULACRA2.
DEFAULTS: Mapping[Format, Numbers] = {
    Format.WEBP: Numbers(quality=80, effort=4),
    Format.JPEG: Numbers(quality=62, effort=3),
    Format.AVIF: Numbers(quality=56, effort=2),
    Format.PNG: Numbers(quality=100, effort=2),
    Format.GIF: Numbers(quality=100, effort=2),
}

# For each effort: counts up where the same numbers give other bytes than in a version before. It is a part of the
# recipe, so that manifests of that version are out of date.
REVISIONS: Mapping[Format, tuple[int, ...]] = {
    Format.WEBP: (1, 1, 1, 1, 1, 1, 2),
    Format.JPEG: (2, 2, 2, 2, 2, 2, 2),
    Format.AVIF: (2, 2, 2, 2, 2, 2, 2),
    Format.PNG: (1, 1, 1, 1, 1, 1, 1),
    Format.GIF: (1, 1, 1, 1, 1, 1, 1),
}

# Of Klein, Silverstein and Carney, "Relevance of human vision to JPEG-DCT compression" (1992), mozjpeg's fifth:
# github.com/mozilla/mozjpeg/blob/master/jcparam.c. At equal look its files have a fifth less than with libjpeg's.
MOZJPEG_TABLE = 5
_QUANTIZATION = (
    *(10, 12, 14, 19, 26, 38, 57, 86),
    *(12, 18, 21, 28, 35, 41, 54, 76),
    *(14, 21, 25, 32, 44, 63, 92, 136),
    *(19, 28, 32, 41, 54, 75, 107, 157),
    *(26, 35, 44, 54, 70, 95, 132, 190),
    *(38, 41, 63, 75, 95, 125, 170, 239),
    *(57, 54, 92, 107, 132, 170, 227, 312),
    *(86, 76, 136, 157, 190, 239, 312, 419),
)
_LARGEST_STEP = 255  # of a baseline JPEG: ITU-T T.81, B.2.4.1

# From this quality on, a JPEG keeps color at full resolution.
_FULL_COLOR_QUALITY = 90
# An AVIF keeps it up to this side, but for the fastest: there it costs photographs nothing, and saves drawings a tenth.
_FULL_COLOR_SIDE = 800
_FULL_COLOR_EFFORT = 2

# Ways to spend time on a JPEG's size: Huffman tables of its own, several scans, and then all that mozjpeg can. Several
# scans make small pictures larger.
_OPTIMIZE_EFFORT = 3
_PROGRESSIVE_EFFORT = 4
_PROGRESSIVE_SIDE = 500
_TRELLIS_EFFORT = 6

# libavif's speed by effort. Eight takes three times as long as nine: it saves a tenth of what is small, and a twentieth
# of what is large, which WebP would be faster at then.
_AVIF_SPEEDS = (10, 9, 9, 8, 7, 6, 5)
_AVIF_SPEEDS_OF_SMALL = (10, 9, 8, 8, 7, 6, 5)
_CAREFUL_AVIF_SIDE = 800

# libwebp's sixth tries, for transparency, what takes seconds and saves nothing to speak of.
_WEBP_METHOD_OF_ALPHA = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Encoding:
    """How a rendition of a size is written.

    The numbers that a person chose, or their defaults.
    """

    format: Format
    quality: int
    effort: int
    size: Size

    @property
    def has_full_color(self) -> bool:
        """Whether a JPEG or an AVIF keeps color at full resolution.

        That is 4:4:4, and not 4:2:0.
        """
        if self.format is Format.AVIF:
            return max(self.size) <= _FULL_COLOR_SIDE and self.effort >= _FULL_COLOR_EFFORT
        return self.quality >= _FULL_COLOR_QUALITY

    @property
    def is_optimized(self) -> bool:
        """Whether a JPEG has Huffman tables of its own."""
        return self.effort >= _OPTIMIZE_EFFORT

    @property
    def is_progressive(self) -> bool:
        """Whether a JPEG is written in several scans."""
        return self.effort >= _PROGRESSIVE_EFFORT and max(self.size) >= _PROGRESSIVE_SIDE

    @property
    def has_trellis(self) -> bool:
        """Whether a JPEG is tried in many ways, by an encoder that can."""
        return self.effort >= _TRELLIS_EFFORT

    @property
    def quantization(self) -> list[int]:
        """A JPEG's steps in rows, scaled by its quality.

        As libjpeg's `jpeg_quality_scaling` does.
        """
        percent = 5000 // self.quality if self.quality < 50 else 200 - 2 * self.quality  # noqa: PLR2004 - libjpeg's
        return [min(max((step * percent + 50) // 100, 1), _LARGEST_STEP) for step in _QUANTIZATION]

    def webp_method(self, *, has_alpha: bool) -> int:
        """Choose libwebp's method, 0 to 6."""
        return min(self.effort, _WEBP_METHOD_OF_ALPHA) if has_alpha else self.effort

    @property
    def png_level(self) -> int:
        """Choose zlib's level, 1 to 9."""
        return 1 + self.effort * 8 // 6

    @property
    def avif_speed(self) -> int:
        """Choose libavif's speed, 10 to 5: 4 takes longer and saves nothing."""
        is_small = max(self.size) <= _CAREFUL_AVIF_SIDE
        return (_AVIF_SPEEDS_OF_SMALL if is_small else _AVIF_SPEEDS)[self.effort]


def encoding_of(variant: Variant, output: Format, size: Size) -> Encoding:
    """Say how a variant's rendition is written."""
    numbers = numbers_of(variant, output)
    return Encoding(format=output, quality=numbers.quality, effort=numbers.effort, size=size)


def numbers_of(variant: Variant, output: Format) -> Numbers:
    """Take a variant's own quality and effort, or the format's defaults."""
    usual = DEFAULTS[output]
    return Numbers(
        quality=usual.quality if variant.quality is None else variant.quality,
        effort=usual.effort if variant.effort is None else variant.effort,
    )


def recipe_of(variants: Sequence[Variant]) -> dict[str, dict[str, Any]]:
    """Write variants with all that decides what their files are like.

    Defaults as numbers, and later revisions.
    """
    options = variants_to_json(tuple(variants))
    return {variant.name: options[variant.name] | _numbers_in_force(variant) for variant in variants}


def _numbers_in_force(variant: Variant) -> dict[str, Any]:
    if variant.slot:
        outputs = dict.fromkeys(output for slot in Slot for output in (slot.still_format, slot.animated_format))
        return {"as": {output.value: _as_written(variant, output) for output in outputs}}
    if variant.format is None:
        return {"as": {output.value: _as_written(variant, output) for output in Format}}
    return _as_written(variant, variant.format)


def _as_written(variant: Variant, output: Format) -> dict[str, int]:
    numbers = numbers_of(variant, output)
    revision = REVISIONS[output][numbers.effort]
    later = {"revision": revision} if revision > 1 else {}
    return {"quality": numbers.quality, "effort": numbers.effort, **later}

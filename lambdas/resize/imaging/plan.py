"""Plan the renditions of an image, largest first."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

from contract.focal_point import FocalPoint
from resize.imaging.attention import find_attention
from resize.imaging.formats.detect import SourceFormat
from resize.imaging.geometry import Placement, Size, place
from resize.imaging.placeholder import Thumbnail
from resize.imaging.variants import Format, Gravity, Variant

# Red, green, blue and opacity, 0 to 255 each.
Color: TypeAlias = tuple[int, int, int, int]

HAS_ANIMATION = frozenset({Format.WEBP, Format.GIF})
HAS_ALPHA = frozenset({Format.WEBP, Format.GIF, Format.PNG, Format.AVIF})

_OPAQUE = 255


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """One variant of this image.

    Where its pixels go, as what they are written, and how many frames of them.
    """

    position: int
    variant: Variant
    output: Format
    placement: Placement
    frames: int

    @property
    def file(self) -> tuple[str, Format]:
        """What it is told from others by: two slots of an animation are the same file."""
        return self.variant.name, self.output

    @property
    def background(self) -> Color:
        """What stands beside and behind the picture.

        Opaque where the format knows no other.
        """
        red, green, blue, *opacity = bytes.fromhex(self.variant.background.removeprefix("#"))
        return (red, green, blue, opacity[0] if opacity and self.output in HAS_ALPHA else _OPAQUE)


def largest_first(variants: Sequence[Variant], source: SourceFormat, displayed: Size, frames: int) -> list[Plan]:
    """Plan every variant of an image of that size as displayed."""
    plans = [_plan(position, variant, source, displayed, frames) for position, variant in enumerate(variants)]
    return sorted(plans, key=lambda plan: plan.placement.scaled, reverse=True)


def aimed(
    plans: Sequence[Plan], displayed: Size, focus: FocalPoint | None, look: Callable[[], Thumbnail]
) -> list[Plan]:
    """Have every cut keep what is around the focal point.

    Where the uploader gave none, those whose gravity is attention have that of what draws the eye: `look` gives a
    overview of the first frame, and all frames are cut alike.
    """
    if focus:
        return [replace(plan, placement=place(displayed, plan.variant, focus)) for plan in plans]
    if not any(plan.variant.gravity is Gravity.ATTENTION for plan in plans):
        return list(plans)
    point = find_attention(look())
    return [
        replace(plan, placement=place(displayed, plan.variant, point))
        if plan.variant.gravity is Gravity.ATTENTION
        else plan
        for plan in plans
    ]


def enough_for(plans: Sequence[Plan], displayed: Size) -> Size:
    """Say how large a picture all plans can be made from."""
    largest = plans[0].placement.scaled
    return Size(min(largest.width, displayed.width), min(largest.height, displayed.height))


def _plan(position: int, variant: Variant, source: SourceFormat, displayed: Size, frames: int) -> Plan:
    output = _output(variant, source, frames)
    return Plan(
        position=position,
        variant=variant,
        output=output,
        placement=place(displayed, variant),
        frames=frames if output in HAS_ANIMATION or _keeps_png(variant, output) else 1,
    )


def _output(variant: Variant, source: SourceFormat, frames: int) -> Format:
    if variant.slot and frames > 1:
        return variant.slot.animated_format
    return variant.format or _kept(source, frames)


def _keeps_png(variant: Variant, output: Format) -> bool:
    """Say whether a PNG becomes one because it is: who asks for PNG by name wants a still that opens anywhere."""
    return variant.format is None and output is Format.PNG


def _kept(source: SourceFormat, frames: int) -> Format:
    """Keep the source's format, or where that cannot be written as an animation what every browser plays."""
    return Format.WEBP if frames > 1 and source.kept_as not in HAS_ANIMATION | {Format.PNG} else source.kept_as

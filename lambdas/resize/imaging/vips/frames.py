"""Frames of one size, and operations on all of them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from resize.imaging.geometry import Placement, Size
from resize.imaging.plan import Color
from resize.imaging.vips.binding import pyvips
from resize.imaging.vips.color import unpremultiplied
from resize.imaging.vips.resample import scaled

_OPAQUE = 255


@dataclass(frozen=True, slots=True, kw_only=True)
class Frames:
    """One picture, or the frames of an animation, each whole and in memory.

    Frames are sRGB, all of three bands, or all of four, whose colors are premultiplied with their opacity.
    """

    frames: tuple[pyvips.Image, ...]
    milliseconds: Sequence[int] = (0,)  # how long each frame shows
    loop_count: int = 0  # how often to show them all; 0 is for ever

    @property
    def size(self) -> Size:
        """Width and height of every frame."""
        return Size(self.frames[0].width, self.frames[0].height)

    @property
    def has_alpha(self) -> bool:
        """Whether any pixel is less than opaque."""
        return bool(self.frames[0].hasalpha())

    def first_frame(self) -> "Frames":
        """Keep the first frame."""
        return Frames(frames=self.frames[:1])

    def shrunk(self, size: Size) -> "Frames":
        """Scale down to a size; a film that is no larger stays as it is."""
        if size.width > self.size.width or size.height > self.size.height or size == self.size:
            return self
        return self.each(lambda frame: scaled(frame, size).copy_memory())

    def placed(self, placement: Placement, background: Color) -> "Frames":
        """Scale to what the placement asks for, cut, and put on the background."""
        return self.each(lambda frame: _on_canvas(_kept(frame, placement), placement, background))

    def flattened(self, background: Color) -> "Frames":
        """Show what is transparent against a background."""
        return self.each(lambda frame: frame.flatten(background=list(background[:3])) if frame.hasalpha() else frame)

    def straight(self) -> "Frames":
        """Take the opacity out of the colors, as files have them."""
        return self.each(lambda frame: unpremultiplied(frame) if frame.hasalpha() else frame)

    def each(self, change: Callable[[pyvips.Image], pyvips.Image]) -> "Frames":
        """Change every frame."""
        return replace(self, frames=tuple(map(change, self.frames)))


def _kept(frame: pyvips.Image, placement: Placement) -> pyvips.Image:
    whole, kept = scaled(frame, placement.scaled), placement.kept
    if kept.size == placement.scaled:
        return whole
    return whole.crop(kept.left, kept.top, *kept.size)


def _on_canvas(part: pyvips.Image, placement: Placement, background: Color) -> pyvips.Image:
    if (part.width, part.height) == placement.canvas:
        return part
    opacity = background[-1]
    if opacity == _OPAQUE and not part.hasalpha():
        fill = list(background[:3])
    else:
        part = part if part.hasalpha() else part.bandjoin(_OPAQUE)
        fill = [round(band * opacity / _OPAQUE) for band in background[:3]] + [opacity]
    return part.embed(*placement.at, *placement.canvas, extend="background", background=fill)

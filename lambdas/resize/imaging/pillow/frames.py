"""Frames of one size, and operations on all of them."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from PIL import Image

from resize.imaging.geometry import Placement, Size
from resize.imaging.pillow.resample import ENOUGH, filter_between, shrunk
from resize.imaging.plan import Color

_OPAQUE = 255


@dataclass(frozen=True, slots=True, kw_only=True)
class Frames:
    """One picture, or the frames of an animation, each whole.

    Frames are sRGB without metadata, all of one mode: RGB, or RGBa, whose colors are premultiplied with their opacity,
    so that no arithmetic on pixels lets an invisible color shine through.
    """

    frames: tuple[Image.Image, ...]
    milliseconds: tuple[int, ...] = (0,)  # how long each frame shows
    loop_count: int = 0  # how often to show them all; 0 is for ever

    @property
    def size(self) -> Size:
        """Width and height of every frame."""
        return Size(*self.frames[0].size)

    @property
    def has_alpha(self) -> bool:
        """Whether any pixel is less than opaque."""
        return self.frames[0].mode == "RGBa"

    def first_frame(self) -> "Frames":
        """Keep the first frame."""
        return Frames(frames=self.frames[:1])

    def shrunk(self, size: Size) -> "Frames":
        """Scale down to a size; a film that is no larger stays as it is."""
        if size.width > self.size.width or size.height > self.size.height or size == self.size:
            return self
        return self._each(lambda frame: shrunk(frame, size))

    def placed(self, placement: Placement, background: Color) -> "Frames":
        """Scale to what the placement asks for, cut, and put on the background."""
        return self._each(lambda frame: _on_canvas(_kept(frame, placement), placement, background))

    def flattened(self, background: Color) -> "Frames":
        """Show what is transparent against a background."""
        return self._each(lambda frame: _flattened(frame, background))

    def _each(self, change: Callable[[Image.Image], Image.Image]) -> "Frames":
        return replace(self, frames=tuple(change(frame) for frame in self.frames))


def _kept(frame: Image.Image, placement: Placement) -> Image.Image:
    if frame.size == placement.scaled:
        return frame if placement.kept.size == placement.scaled else frame.crop(placement.kept)
    across, down = frame.width / placement.scaled.width, frame.height / placement.scaled.height
    left, top, right, bottom = placement.kept
    part = (left * across, top * down, min(right * across, frame.width), min(bottom * down, frame.height))
    resampling = filter_between(Size(*frame.size), placement.scaled)
    return frame.resize(placement.kept.size, resampling, part, reducing_gap=ENOUGH)


def _on_canvas(part: Image.Image, placement: Placement, background: Color) -> Image.Image:
    if part.size == placement.canvas:
        return part
    mode = "RGB" if part.mode == "RGB" and background[-1] == _OPAQUE else "RGBa"
    canvas = Image.new("RGBA", placement.canvas, background).convert(mode)
    canvas.paste(part.convert(mode), placement.at)
    return canvas


def _flattened(frame: Image.Image, background: Color) -> Image.Image:
    if frame.mode == "RGB":
        return frame
    solid = Image.new("RGBA", frame.size, background)
    return Image.alpha_composite(solid, frame.convert("RGBA")).convert("RGB")

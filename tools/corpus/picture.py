"""One program's rendering of an image file."""

from dataclasses import dataclass
from typing import TypeAlias

from PIL import Image

# No more pixels of an animation's frames are kept than this: the rest is compared by number and time alone.
MOST_FRAME_PIXELS = 8_000_000

# Browsers show a frame of 10 ms or less for 100 ms, whatever the format.
# https://source.chromium.org/chromium/chromium/src/+/main:third_party/blink/renderer/platform/graphics/bitmap_image.cc
_SHORTEST_MILLISECONDS = 10
_DEFAULT_MILLISECONDS = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """One frame: its RGBA image, and how long it is shown, in milliseconds.

    The image is None where it was not kept.
    """

    image: Image.Image | None
    milliseconds: float

    @property
    def shown_milliseconds(self) -> float:
        """Give the time for which a browser shows the frame."""
        return _DEFAULT_MILLISECONDS if self.milliseconds <= _SHORTEST_MILLISECONDS else self.milliseconds


@dataclass(frozen=True, slots=True, kw_only=True)
class Animation:
    """Frames in order, and how often they are played; 0 is without end."""

    frames: tuple[Frame, ...]
    plays: int

    @property
    def milliseconds(self) -> float:
        """Give the time that one play takes."""
        return sum(frame.shown_milliseconds for frame in self.frames)

    def frame_at(self, milliseconds: float) -> Frame:
        """Find the frame shown at a time; the last one stays."""
        end = 0.0
        for frame in self.frames:
            end += frame.shown_milliseconds
            if milliseconds < end:
                return frame
        return self.frames[-1]


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A picture as displayed.

    Width and height in pixels, RGBA in sRGB, and its frames if there are several. `frames` is how many the program says
    the file has. `still` is smaller than `size` where that was too large to be read back. `fault` is why its decoder
    gave up before the end, if it did and showed what there was.
    """

    size: tuple[int, int]
    still: Image.Image
    frames: int = 1
    animation: Animation | None = None
    fault: str = ""
    is_hdr: bool = False

    def __str__(self) -> str:
        return f"{self.size[0]} x {self.size[1]}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """No picture: a short code of why, and the program's own words."""

    reason: str
    detail: str = ""

    def __str__(self) -> str:
        return f"{self.reason}: {self.detail}"


Result: TypeAlias = Shown | Refused

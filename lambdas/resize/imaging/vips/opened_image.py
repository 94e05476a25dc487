"""An opened image before its pixels are decoded."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from resize.imaging.color.icc import Curve
from resize.imaging.formats.detect import SourceFormat
from resize.imaging.geometry import Size
from resize.imaging.vips.binding import pyvips
from resize.imaging.vips.memory import ImageHeader

# The orientations of EXIF that swap width and height (CIPA DC-008, 4.6.4, tag 274).
_SIDEWAYS = range(5, 9)


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenedImage:
    """An image whose header is read and within the limits.

    `decode` gives so many frames, each of the size that `decoded` tells for what is needed: at least twice as large, or
    as it is stored. Nothing is decoded before the pixels of a frame are asked for, and then from its top to its bottom,
    once.
    """

    picture: ImageHeader
    frames: int
    decoded: Callable[[Size], Size]
    decode: Callable[[Size, int], Iterator[pyvips.Image]]
    orientation: int = 1  # EXIF's: how what is decoded becomes what is displayed
    curve: Curve | None = None  # whose levels become sRGB's before the profile is asked
    profile: bytes | None = None  # the ICC profile, embedded or made of what the file says of its colors
    milliseconds: Sequence[int] = (0,)  # how long each frame shows, of those that are decoded
    loop_count: int = 0  # how often an animation plays; 0 is for ever
    check_warnings: Callable[[], None] = lambda: None  # to be called as soon as a frame's pixels are there
    mended: Callable[[], "OpenedImage | None"] = lambda: None  # the same, of bytes that a decoder that gave up may take

    @property
    def format(self) -> SourceFormat:
        """What the bytes are."""
        return self.picture.format

    @property
    def displayed(self) -> Size:
        """The size that a person sees."""
        return self.turned(self.picture.stored)

    def turned(self, size: Size) -> Size:
        """Turn a size as displayed into the same as stored, or the other way round."""
        return Size(size.height, size.width) if self.orientation in _SIDEWAYS else size

"""Overview of a picture, which both engines look at alike."""

from PIL import Image

from resize.imaging.attention import attention_size
from resize.imaging.geometry import Size
from resize.imaging.placeholder import Thumbnail

# How many times the overview's size a picture has that an engine shrank by its own filter: the one below then averages
# over so many pixels that the filters' differences are gone.
_COARSE = 4


def coarse_size(size: Size) -> Size:
    """Say how small an engine makes a picture before `overview` does the rest."""
    small = attention_size(size)
    return Size(min(size.width, _COARSE * small.width), min(size.height, _COARSE * small.height))


def overview(coarse: Image.Image, size: Size) -> Thumbnail:
    """Shrink to the size at which attention looks at a picture of `size`."""
    small = attention_size(size)
    return Thumbnail(small, coarse.resize(small, Image.Resampling.BILINEAR).convert("RGBA").tobytes())

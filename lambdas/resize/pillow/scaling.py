"""Makes pictures smaller: by which filter, and how far the cheap steps may go before they show."""

from PIL import Image

from resize.geometry import Size

# How many times the size in the end a picture has at least after a cheap step: a decoder's own scaling, averaging by
# whole numbers. A bicubic step over this much or more looks like Lanczos; below it, it would show.
#
# Measured on photographs, and on noise as in nature (1/f), of 6 and 24 million pixels, against a float Lanczos straight
# from full size: SSIM .991 to .996 in a half to a tenth of the time, and at most .988 for steps to 1.25 times the size.
ENOUGH = 1.5


def shrunk(picture: Image.Image, size: Size) -> Image.Image:
    """Scale a picture down, in the least time that looks like Lanczos; it is not smaller than `size`."""
    if picture.size == size:
        return picture
    times = min(side / target for side, target in zip(picture.size, size, strict=True))
    resampling = Image.Resampling.BICUBIC if times >= ENOUGH else Image.Resampling.LANCZOS
    return picture.resize(size, resampling, reducing_gap=ENOUGH)

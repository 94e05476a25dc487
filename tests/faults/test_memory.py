"""Estimates of memory against the truth: a fresh process renders each image, and its peak of address space is read.

An estimate may be over the truth by half of itself and by the BASELINE that every estimate holds, and never under it.
Where decoding is the most, that holds for any picture; where encoding is, for one as detailed as noise, at most effort.
DARKROOM_EVERY_PEAK=1 measures more formats and sizes than the usual tests do.
"""

import io
import os
import struct
import sys
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, PngImagePlugin

from resize.imaging.engine import Engine
from resize.imaging.pillow.memory import BASELINE
from support.imaging.bitmaps import MASKS, RLE8, bmp
from support.imaging.hostile import jpeg_of_scans, png, webp_of_34_bytes
from support.imaging.images import animation, encoded
from support.imaging.peaks import peak_of
from support.imaging.pngs import code_points, gamma
from support.imaging.tiffs import picture, tiff

pytestmark = [
    pytest.mark.long,
    pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a process's peak of address space"),
]

DATA = Path(__file__).parents[1] / "data"
SMALL: dict[str, dict[str, Any]] = {"thumb": {"width": 320}}


def usual(effort: int) -> dict[str, dict[str, Any]]:
    """The variants of cdk.json, at an effort."""
    square = {"width": 320, "height": 320, "fit": "cover"}
    return {"large": {"width": 1600, "effort": effort}, "medium": {"width": 800, "effort": effort}, "thumb": square}


# The most, but for opacity as detailed as noise, which would take minutes.
EFFORTS = {"transparent picture hardly made smaller": 4}
MOST_EFFORT = 6

TWELVE, FIFTY = (4000, 3000), (8000, 6250)


def plain(mode: str, size: tuple[int, int], kind: str, **options: Any) -> bytes:
    """A picture of one color: what decoding it takes is as for any other."""
    file = io.BytesIO()
    Image.new(mode, size, 1 if mode in ("I;16", "I", "F") else "teal").save(file, kind, **options)
    return file.getvalue()


def noise(size: tuple[int, int], mode: str = "RGB") -> Image.Image:
    bands = [Image.effect_noise(size, 60) for _ in mode]
    return Image.merge(mode, bands)


def bmp_of_runs(width: int, height: int) -> bytes:
    runs = b"\xff\1" * (width // 255 + 1) + b"\0\0"
    return bmp((width, height), 8, runs * height, packing=RLE8, palette=[(0, 0, 0), (0, 128, 128)], colors=2)


def with_margins(gif: bytes) -> bytes:
    """A GIF on a screen that its frame does not cover, and so with an opacity."""
    return gif[:6] + struct.pack("<HH", *TWELVE) + gif[10:]


def flicker(kind: str) -> bytes:
    """An animation of which no frame is like the one before."""
    frames = [noise((600, 450)) for _ in range(12)]
    if kind == "GIF":
        frames = [frame.quantize(64, Image.Quantize.FASTOCTREE) for frame in frames]
    return animation(kind, frames, [40] * 12, **({"method": 0, "lossless": False} if kind == "WEBP" else {}))


def comment() -> PngImagePlugin.PngInfo:
    info = PngImagePlugin.PngInfo()
    info.add_text("Comment", "dropped before decoding")
    return info


def sequence(mode: str, **options: Any) -> bytes:
    """Frames that a decoder keeps for those after them."""
    frames = [noise((1500, 1000), mode) for _ in range(2)] * 6
    return animation("AVIF", frames, [40] * 12, speed=10, quality=60, **options)


def numbers(bits: int, photometric: int, samples: int, *, is_planar: bool = False, **others: list[int]) -> bytes:
    """A deflated TIFF of zeros."""
    width, height = TWELVE
    strip = zlib.compress(bytes(-(-width * bits * (1 if is_planar else samples) // 8) * height), 1)
    strips = [strip] * samples if is_planar else strip
    others |= {"t259": [8]} | ({"t284": [2]} if is_planar else {})
    return tiff(picture(width, height, strips, bits=bits, photometric=photometric, samples=samples, **others))


TIFFS: dict[str, Callable[[], bytes]] = {
    "packed bits": lambda: numbers(10, 1, 1),
    "planes": lambda: numbers(16, 2, 3, is_planar=True),
    "inks and opacity": lambda: numbers(8, 5, 5, t338=[2], t317=[2]),
}
TIFFS_MORE: dict[str, Callable[[], bytes]] = {
    "packed colors": lambda: numbers(14, 2, 3),
    "bytes in planes": lambda: numbers(8, 2, 3, is_planar=True),
    "colors of 32 bits": lambda: numbers(32, 2, 3),
    "colors of floats": lambda: numbers(32, 2, 3, t339=[3]),
    "signed numbers": lambda: numbers(16, 1, 1, t339=[2]),
    "differences of 16 bits": lambda: numbers(16, 2, 5, t338=[2, 0], t317=[2]),
    "CIELAB and opacity": lambda: numbers(8, 8, 4, t338=[2]),
    "luma and chroma": lambda: numbers(8, 6, 3, t530=[1, 1]),
}

DECODING: dict[str, Callable[[], bytes]] = {
    "jpeg": lambda: plain("RGB", FIFTY, "JPEG"),
    "progressive jpeg": lambda: plain("RGB", TWELVE, "JPEG", progressive=True),
    "progressive jpeg without its end": lambda: plain("RGB", TWELVE, "JPEG", progressive=True)[:-2],
    "png": lambda: png(*TWELVE),
    "png of 16 bits": lambda: png(*TWELVE, color_type=0, bits=16),
    "png of palette, interlaced": lambda: png(*TWELVE, color_type=3, interlaced=True),
    "png with alpha": lambda: png(*TWELVE, color_type=6),
    "png of linear light": lambda: png(*TWELVE, gamma(100_000)),
    "png of linear light in 16 bits": lambda: png(*TWELVE, gamma(100_000), bits=16),
    "webp": lambda: plain("RGB", TWELVE, "WEBP", method=0),
    "lossless webp": lambda: webp_of_34_bytes(*FIFTY),
    "gif": lambda: plain("P", TWELVE, "GIF"),
    "gif with margins": lambda: with_margins(plain("P", (3900, 2900), "GIF")),
    "tiff": lambda: plain("RGB", TWELVE, "TIFF", compression="tiff_lzw"),
    **{f"tiff of {name}": source for name, source in TIFFS.items()},
    "tiff turned": lambda: plain("RGB", TWELVE, "TIFF", compression="tiff_lzw", tiffinfo={274: 6}),
    "bmp": lambda: plain("RGB", TWELVE, "BMP"),
    "avif": lambda: plain("RGB", TWELVE, "AVIF", speed=10),
    "avif sequence": lambda: sequence("RGB"),
    "heic": (DATA / "twelve-megapixels.heic").read_bytes,
}

DECODING_MORE: dict[str, Callable[[], bytes]] = {
    "jpeg of 1 MP": lambda: plain("RGB", (1200, 833), "JPEG"),
    "jpeg without subsampling, progressive": lambda: plain("RGB", FIFTY, "JPEG", progressive=True, subsampling=0),
    "jpeg of four inks": lambda: plain("CMYK", TWELVE, "JPEG"),
    "jpeg of restarts": lambda: plain("RGB", FIFTY, "JPEG", restart_marker_blocks=1),
    "jpeg of many scans": lambda: jpeg_of_scans(80, *TWELVE),
    "png of 50 MP": lambda: png(*FIFTY),
    "png of two colors": lambda: png(*TWELVE, color_type=0, bits=1),
    "png of 16 bits, with a transparent grey": lambda: plain("I;16", TWELVE, "PNG", transparency=7),
    "png with a transparent color": lambda: plain("RGB", TWELVE, "PNG", transparency=(1, 2, 3)),
    "png of palette with a transparent entry": lambda: plain("P", TWELVE, "PNG", transparency=3),
    "png of grey with a transparent grey": lambda: plain("L", TWELVE, "PNG", transparency=3),
    "png of grey with alpha": lambda: png(*TWELVE, color_type=4),
    "png of linear light and opacity": lambda: png(*TWELVE, gamma(100_000), color_type=6),
    "png of linear light and opacity in 16 bits": lambda: png(*TWELVE, gamma(100_000), color_type=6, bits=16),
    "png of linear grey": lambda: png(*TWELVE, gamma(100_000), color_type=0),
    "png of linear grey in 16 bits": lambda: png(*TWELVE, gamma(100_000), color_type=0, bits=16),
    "png of linear grey and opacity in 16 bits": lambda: png(*TWELVE, gamma(100_000), color_type=4, bits=16),
    "png of linear palette": lambda: png(*TWELVE, gamma(100_000), color_type=3),
    "png of another gamut": lambda: png(*TWELVE, code_points(12, 13)),
    "png of 16 bits with a transparent color": lambda: png(*TWELVE, (b"tRNS", bytes(6)), bits=16),
    "png of 16 bits with a transparent grey of linear light": lambda: png(
        *TWELVE, gamma(100_000), (b"tRNS", bytes(2)), color_type=0, bits=16
    ),
    "png of 4 bits with a transparent grey": lambda: png(*TWELVE, (b"tRNS", bytes(2)), color_type=0, bits=4),
    "animated png": lambda: animation("PNG", [Image.new("RGB", TWELVE, name) for name in ("red", "teal")], [40, 40]),
    "png of noise with a comment": lambda: encoded(noise((2500, 2000)), compress_level=1, pnginfo=comment()),
    "webp with alpha": lambda: plain("RGBA", TWELVE, "WEBP", method=0),
    "webp of 50 MP": lambda: plain("RGB", FIFTY, "WEBP", method=0),
    "tiff of floats": lambda: plain("F", TWELVE, "TIFF"),
    "tiff of 32 bits": lambda: plain("I", TWELVE, "TIFF"),
    "tiff of four inks": lambda: plain("CMYK", TWELVE, "TIFF"),
    **{f"tiff of {name}": source for name, source in TIFFS_MORE.items()},
    "bmp of run lengths": lambda: bmp_of_runs(*TWELVE),
    "bmp of odd masks": lambda: bmp(TWELVE, 16, bytes(24_000_000), packing=MASKS, masks=(0xF00, 0xF0, 0xF)),
    "bmp of odd masks with opacity": lambda: bmp(
        TWELVE, 32, bytes(48_000_000), packing=MASKS, header=108, masks=(0x3FF, 0x3FF << 10, 0x3FF << 20, 3 << 30)
    ),
    "bmp of palette": lambda: plain("P", TWELVE, "BMP"),
    "avif without subsampling": lambda: plain("RGB", TWELVE, "AVIF", speed=10, subsampling="4:4:4"),
    "avif with alpha": lambda: encoded(noise((2000, 1500), "RGBA"), "AVIF", speed=10),
    "avif sequence without subsampling": lambda: sequence("RGB", subsampling="4:4:4"),
    "avif sequence with alpha": lambda: sequence("RGBA"),
    "avif of 50 MP": lambda: plain("RGB", FIFTY, "AVIF", speed=10),
}

PRINTING: dict[str, Callable[[], bytes]] = {
    "gif of 12 frames": lambda: flicker("GIF"),
    "webp of 12 frames": lambda: flicker("WEBP"),
    "png of 12 frames": lambda: flicker("PNG"),
    "picture hardly made smaller": lambda: encoded(noise((1700, 1300)), "BMP"),
    "transparent picture hardly made smaller": lambda: encoded(noise((1700, 1300), "RGBA"), "PNG", compress_level=1),
}

# An opaque GIF counts as transparent, for its header cannot tell; over twice is what measuring varies by.
SLACK = {"gif of 12 frames": 2.2}

if os.environ.get("DARKROOM_EVERY_PEAK"):
    DECODING |= DECODING_MORE


@pytest.mark.parametrize("name", DECODING)
def test_the_estimate_of_decoding_is_never_under_the_truth_and_at_most_twice_it(name: str, engine: Engine) -> None:
    peak = peak_of(DECODING[name](), SMALL, engine)

    assert peak.truth <= peak.estimate <= 2 * peak.truth + BASELINE


@pytest.mark.parametrize("name", PRINTING)
def test_the_estimate_of_printing_is_never_under_the_truth_and_at_most_twice_it(name: str, engine: Engine) -> None:
    peak = peak_of(PRINTING[name](), usual(EFFORTS.get(name, MOST_EFFORT)), engine)

    assert peak.truth <= peak.estimate <= SLACK.get(name, 2) * peak.truth + BASELINE


LARGEST = {Engine.PILLOW: 500_000_000, Engine.VIPS: 250_000_000}


def test_a_jpeg_of_100_megapixels_takes_little(engine: Engine) -> None:
    peak = peak_of(plain("RGB", (12_500, 8_000), "JPEG"), usual(MOST_EFFORT), engine)

    assert peak.truth <= peak.estimate <= LARGEST[engine]

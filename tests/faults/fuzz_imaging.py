"""A fuzzing target: no bytes are anything but rendered or rejected by the sandbox, for a reason that is theirs.

Coverage is that of reading headers, which is done here once more: decoders are C, and run in the sandbox's child. Run
by `make fuzz`, and for a short time by a test.
"""

import sys
from time import monotonic

from faults.fuzzing import fuzz, instrument

_PNG = ("color.icc", "formats.png_chunks", "formats.png_color", "formats.png_animation", "formats.png")
_TIFF = ("formats.exif", "formats.tiff", "formats.tiff_raster", "pillow.tiff_samples")
_BMP = ("formats.bmp", "formats.bmp_runs", "pillow.bmp")
_JPEG = ("formats.jpeg", "formats.jpeg_scans", "pillow.jpeg")
_OTHERS = ("formats.detect", "formats.gif", "formats.isobmff", "formats.webp", "pillow.gif", "pillow.decode")
instrument("PIL", *(f"resize.imaging.{parser}" for parser in (*_PNG, *_TIFF, *_BMP, *_JPEG, *_OTHERS)))

from PIL import Image  # noqa: E402 - instrumented first

from contract.errors import Reason  # noqa: E402 - the same
from resize.errors import ImageRejectedError  # noqa: E402 - the same
from resize.imaging.engine import Engine  # noqa: E402 - the same
from resize.imaging.formats.detect import SourceFormat, identify  # noqa: E402 - the same
from resize.imaging.limits import Limits  # noqa: E402 - the same
from resize.imaging.pillow.decode import open_image  # noqa: E402 - the same
from resize.imaging.variants import Fit, Format, Gravity, Variant  # noqa: E402 - the same
from resize.sandbox.pool import Confinement, Sandbox  # noqa: E402 - the same
from support.imaging import boxes, hostile, tiffs  # noqa: E402 - the same
from support.imaging.bitmaps import MASKS, RLE8, bmp  # noqa: E402 - the same
from support.imaging.images import animation, encoded, exif, quadrants, sideways_heic  # noqa: E402 - the same
from support.imaging.pngs import P3_POINTS, code_points, flat, gamma, points  # noqa: E402 - the same
from support.imaging.profiles import display_p3  # noqa: E402 - the same

LIMITS = Limits(frame_pixels=1_000_000, total_pixels=4_000_000, frames=50)
CONFINEMENT = Confinement(memory_bytes=1024**3, answer_bytes=128 * 1024**2, processor_seconds=10, wall_seconds=30)
VARIANTS = (
    Variant(name="large", width=16, effort=0),
    Variant(name="thumb", width=8, height=8, fit=Fit.COVER, gravity=Gravity.ATTENTION, format=Format.JPEG),
    Variant(name="kept", width=12, format=None, effort=0),
)

# What an image must never come to: mistakes of ours, and decoders that break.
FINDINGS = frozenset({Reason.DECODER_FAILED, Reason.ENCODER_FAILED, Reason.CRASHED, Reason.ABORTED, Reason.TIMED_OUT})

SEEDS = [
    encoded(quadrants(20, 15), "JPEG", exif=exif(6), icc_profile=display_p3()),
    encoded(quadrants(20, 15), "JPEG", progressive=True),
    encoded(quadrants(20, 15), "JPEG", restart_marker_blocks=1)[:-2],
    encoded(quadrants(20, 15), "PNG", exif=exif(3)),
    encoded(quadrants(20, 15).quantize(4), "PNG", transparency=1),
    hostile.png(9, 7, color_type=0, bits=16, interlaced=True),
    flat(b"\x37\0" * 3, gamma(100_000), points(*P3_POINTS), (b"tRNS", b"\x37\0" * 3), bits=16),
    flat(b"\x37\x99\x10", code_points(9, 1)),
    animation("PNG", [quadrants(20, 15), Image.new("RGB", (20, 15))], [100, 100], disposal=2, blend=1),
    encoded(quadrants(20, 15), "WEBP", lossless=False),
    hostile.webp_of_34_bytes(20, 15),
    animation("WEBP", [quadrants(20, 15), Image.new("RGB", (20, 15))], [100, 100]),
    encoded(quadrants(20, 15), "GIF"),
    animation("GIF", [quadrants(20, 15), Image.new("RGB", (20, 15))], [100, 100], disposal=2),
    encoded(quadrants(20, 15), "TIFF", compression="tiff_lzw"),
    *tiffs.of_many_kinds(),
    encoded(quadrants(20, 15), "BMP"),
    bmp((4, 2), 8, bytes((3, 1, 0, 2, 1, 1, 0, 3, 1, 1, 1, 0, 0, 1)), packing=RLE8, palette=[(0, 0, 0), (9, 9, 9)]),
    bmp((4, 2), 16, bytes(16), packing=MASKS, header=108, masks=(0x7C00, 0x3E0, 0x1F, 0x8000)),
    encoded(quadrants(20, 15), "AVIF"),
    boxes.with_two_maps(
        boxes.with_properties(
            boxes.colors(encoded(quadrants(20, 15).convert("RGBA"), "AVIF"), 9, 16),
            boxes.clean_aperture(16, 12, -4, -3),
        )
    ),
    animation("AVIF", [quadrants(20, 15), Image.new("RGB", (20, 15))], [100, 100]),
    sideways_heic(),
]


def renders_or_rejects(source: bytes, sandbox: Sandbox) -> None:
    outcome = _outcome(source, sandbox)
    if outcome in FINDINGS and not (outcome is Reason.CRASHED and identify(source) is SourceFormat.HEIC):
        raise AssertionError(f"it ended as {outcome}")  # a HEIC may crash pi-heif 1.4.0: see test_sandbox.py
    if outcome not in FINDINGS:  # else reading it could break this process too
        _reach(source)


def _outcome(source: bytes, sandbox: Sandbox) -> Reason | None:
    try:
        rendered = sandbox.render(source, monotonic() + 60)
    except ImageRejectedError as rejected:
        return rejected.reason
    assert [rendition.variant for rendition in rendered.renditions] == ["large", "thumb", "kept"]
    return None


def _reach(source: bytes) -> None:
    """Read the header where coverage is seen; not a HEIC's, whose reader is C."""
    try:
        if identify(source) is not SourceFormat.HEIC:
            open_image(source, LIMITS)
    except ImageRejectedError:
        return


if __name__ == "__main__":
    with Sandbox(VARIANTS, LIMITS, CONFINEMENT, engine=Engine(sys.argv[2])) as the_sandbox:
        fuzz(lambda source: renders_or_rejects(bytes(source), the_sandbox), SEEDS, int(sys.argv[1]))

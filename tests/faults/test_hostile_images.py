"""Every class of hostile image through the real sandbox: what becomes of it, and of the good image after it.

All of them are made here, by builders; the sandbox is that of a function with little memory.
"""

import gzip
import struct
import zlib
from collections.abc import Callable, Iterator
from time import monotonic

import pytest
from PIL import Image

from contract.errors import Reason
from resize.errors import ImageRejectedError
from resize.imaging.engine import Engine
from resize.imaging.limits import Limits
from resize.imaging.rendition import Rendered
from resize.imaging.variants import Fit, Format, Variant
from resize.sandbox.pool import Confinement, Sandbox
from support.imaging import hostile
from support.imaging.images import animation, encoded, quadrants, sideways_heic
from support.imaging.pictures import jpeg

pytestmark = pytest.mark.long

VARIANTS = (
    Variant(name="large", width=1600, effort=0),
    Variant(name="thumb", width=32, height=32, fit=Fit.COVER, format=Format.JPEG),
)
CONFINEMENT = Confinement(memory_bytes=512 * 1024**2, answer_bytes=128 * 1024**2, processor_seconds=10, wall_seconds=30)
SECRET = b"<script>alert('payload')</script>"

PHOTO = encoded(Image.effect_noise((200, 150), 60).convert("RGB"), "JPEG")


@pytest.fixture(scope="module")
def sandbox(engine: Engine) -> Iterator[Sandbox]:
    with Sandbox(VARIANTS, Limits(), CONFINEMENT, engine=engine) as made:
        yield made


def outcome_of(source: bytes, sandbox: Sandbox) -> Rendered | Reason:
    """What becomes of an image; whatever it is, the sandbox then renders a good one."""
    try:
        return sandbox.render(source, monotonic() + 60)
    except ImageRejectedError as rejected:
        return rejected.reason
    finally:
        assert sandbox.render(jpeg(), monotonic() + 60).width == 64


def size_of(outcome: Rendered | Reason) -> tuple[int, int]:
    assert isinstance(outcome, Rendered), outcome
    assert [rendition.variant for rendition in outcome.renditions] == ["large", "thumb"]
    return outcome.width, outcome.height


BOMBS: dict[str, tuple[Callable[[], bytes], Reason]] = {
    "34 bytes of WebP, 88 megapixels": (lambda: hostile.webp_of_34_bytes(16_000, 5_500), Reason.OUT_OF_MEMORY),
    "34 bytes of WebP, 268 megapixels": (lambda: hostile.webp_of_34_bytes(16_383, 16_383), Reason.TOO_MANY_PIXELS),
    "WebP of a huge canvas": (lambda: hostile.webp_that_promises(60_000, 60_000), Reason.TOO_MANY_PIXELS),
    "PNG of 54 megapixels with alpha": (lambda: hostile.png(6_000, 9_000, color_type=6), Reason.OUT_OF_MEMORY),
    "PNG of 400 megapixels": (lambda: hostile.png(20_000, 20_000, color_type=0, bits=1), Reason.TOO_MANY_PIXELS),
    "animated PNG of 1,000 frames": (lambda: hostile.animated_png(1_000), Reason.TOO_MANY_FRAMES),
    "animated PNG of 400 large frames": (lambda: hostile.animated_png(400, 1_000, 1_000), Reason.TOO_MANY_PIXELS),
    "GIF of a huge screen": (lambda: hostile.gif(1, 65_535, 65_535), Reason.TOO_MANY_PIXELS),
    "GIF of 400 large frames": (lambda: hostile.gif(400, 1_000, 1_000), Reason.TOO_MANY_PIXELS),
    "GIF of 250 frames of a megapixel": (lambda: hostile.gif(250, 1_000, 1_000), Reason.OUT_OF_MEMORY),
    "GIF of 1,000 frames": (lambda: hostile.gif(1_000), Reason.TOO_MANY_FRAMES),
    "TIFF of 72 megapixels in one strip": (lambda: hostile.tiff(9_000, 8_000), Reason.OUT_OF_MEMORY),
    "TIFF of 2,500 megapixels": (lambda: hostile.tiff_that_promises(50_000, 50_000), Reason.TOO_MANY_PIXELS),
    "JPEG of 1,000 scans": (lambda: hostile.jpeg_of_scans(1_000, 7_000, 7_000), Reason.TOO_MANY_SCANS),
}


# What libvips takes as it comes, row by row or not at all, is no bomb to it.
HARMLESS_TO_VIPS = {
    "PNG of 54 megapixels with alpha": (6_000, 9_000),
}


@pytest.mark.parametrize("name", BOMBS)
def test_a_bomb_is_refused_for_what_it_is(name: str, sandbox: Sandbox, engine: Engine) -> None:
    make, reason = BOMBS[name]

    outcome = outcome_of(make(), sandbox)
    if engine is Engine.VIPS and name in HARMLESS_TO_VIPS:
        assert size_of(outcome) == HARMLESS_TO_VIPS[name]
    else:
        assert outcome is reason


@pytest.mark.parametrize(
    "make",
    [
        pytest.param(lambda: hostile.png_with_text_bomb(200), id="comment"),
        pytest.param(lambda: hostile.png_with_profile_bomb(200), id="profile"),
        pytest.param(lambda: hostile.png_of_chunks(500_000), id="chunks"),
    ],
)
def test_what_describes_a_png_is_no_bomb(make: Callable[[], bytes], sandbox: Sandbox) -> None:
    assert size_of(outcome_of(make(), sandbox)) == (64, 48)


def test_a_bomb_s_rejection_tells_what_it_takes_and_what_there_is(sandbox: Sandbox) -> None:
    with pytest.raises(ImageRejectedError, match=r"it takes some 1\d{3} MB of memory; there are 4\d\d MB"):
        sandbox.render(hostile.webp_of_34_bytes(16_000, 5_500), monotonic() + 60)


@pytest.mark.parametrize(("frames", "allowed"), [(500, True), (501, False)])
def test_as_many_frames_as_are_allowed_are_rendered(frames: int, allowed: bool, sandbox: Sandbox) -> None:
    outcome = outcome_of(hostile.gif(frames), sandbox)

    assert outcome is Reason.TOO_MANY_FRAMES if not allowed else size_of(outcome) == (64, 48)


def test_a_jpeg_of_many_scans_that_is_within_the_limit_is_rendered(sandbox: Sandbox) -> None:
    assert size_of(outcome_of(hostile.jpeg_of_scans(90), sandbox)) == (64, 48)


def test_an_image_that_needs_more_time_than_there_is_is_given_up(engine: Engine) -> None:
    slow = Variant(name="slow", width=2000, format=Format.AVIF, effort=6)
    image = encoded(Image.effect_noise((2000, 1500), 100).convert("RGB"), "BMP")  # some ten seconds, of one
    with Sandbox(
        [slow],
        Limits(),
        Confinement(memory_bytes=1024**3, answer_bytes=128 * 1024**2, processor_seconds=0, wall_seconds=30),
        engine=engine,
    ) as hurried:
        assert outcome_of(image, hurried) is Reason.TIMED_OUT


def noise(mode: str = "RGB") -> Image.Image:
    return Image.effect_noise((60, 40), 100).convert(mode)


WHOLE: dict[str, bytes] = {
    "jpeg": encoded(noise(), "JPEG"),
    "progressive jpeg": encoded(noise(), "JPEG", progressive=True),
    "png": encoded(noise(), "PNG"),
    "interlaced png": hostile.png(60, 40, interlaced=True),
    "webp": encoded(noise(), "WEBP", lossless=False),
    "animated webp": animation("WEBP", [noise(), noise()], [100, 100]),
    "gif": encoded(noise(), "GIF"),
    "animated gif": animation("GIF", [noise(), noise()], [100, 100]),
    "tiff": encoded(noise(), "TIFF", compression="tiff_lzw"),
    "bmp": encoded(noise(), "BMP"),
    "avif": encoded(noise(), "AVIF"),
    "heic": sideways_heic(),
}


@pytest.mark.parametrize("name", WHOLE)
def test_an_image_cut_at_each_tenth_of_its_length_is_never_half_an_image(name: str, sandbox: Sandbox) -> None:
    source = WHOLE[name]
    whole = outcome_of(source, sandbox)

    outcomes = {tenth: outcome_of(source[: len(source) * tenth // 10], sandbox) for tenth in range(10)}

    assert size_of(whole)
    assert outcomes.pop(0) is Reason.EMPTY
    assert set(outcomes.values()) <= {Reason.CORRUPT, Reason.UNKNOWN_FORMAT, whole}  # whole: no pixel is missing


POLYGLOTS = {
    "JPEG and ZIP": PHOTO + hostile.zip_of(SECRET),
    "JPEG and PDF": PHOTO + b"%PDF-1.7\n" + SECRET,
    "PNG and HTML": encoded(quadrants(200, 150)) + SECRET,
    "GIF and JavaScript": encoded(quadrants(200, 150), "GIF", comment=b"*/=1;" + SECRET) + SECRET,
    "JPEG with a script in its comment": encoded(quadrants(200, 150), "JPEG", comment=SECRET),
    "WebP and JPEG": encoded(quadrants(200, 150), "WEBP") + PHOTO + SECRET,
    "BMP and TAR": encoded(quadrants(200, 150), "BMP") + hostile.tar_of(SECRET),
    "TIFF and text": encoded(quadrants(200, 150), "TIFF", description=SECRET.decode()) + SECRET,
}


@pytest.mark.parametrize("name", POLYGLOTS)
def test_of_a_polyglot_only_the_image_comes_out(name: str, sandbox: Sandbox) -> None:
    outcome = outcome_of(POLYGLOTS[name], sandbox)

    assert size_of(outcome) == (200, 150)
    assert isinstance(outcome, Rendered)
    assert not any(SECRET in rendition.body for rendition in outcome.renditions)


def patched(source: bytes, at: int, value: bytes) -> bytes:
    return source[:at] + value + source[at + len(value) :]


LIES: dict[str, tuple[bytes, tuple[int, int] | Reason]] = {
    "PNG of more pixels than it has": (hostile.png_that_promises(200, 150), Reason.CORRUPT),
    "PNG of fewer pixels than it has": (
        hostile.png(64, 24)[:33] + hostile.png(64, 48)[33:],  # the header with its checksum, then the other's data
        (64, 24),
    ),
    "TIFF of more pixels than it has": (hostile.tiff_that_promises(200, 150), Reason.CORRUPT),
    "BMP of more pixels than it has": (hostile.bmp_that_promises(200, 150), Reason.CORRUPT),
    "JPEG of more rows than it has": (hostile.jpeg_that_says(480), Reason.CORRUPT),
    "JPEG of fewer rows than it has": (hostile.jpeg_that_says(24), (64, 24)),
    "WebP with a canvas and no frame": (hostile.webp_that_promises(200, 150), Reason.CORRUPT),
    "WebP of more bytes than it has": (patched(WHOLE["webp"], 4, struct.pack("<I", 10**6)), Reason.CORRUPT),
    "GIF of a larger screen than its frame": (hostile.gif(1, 300, 200), (300, 200)),
    "PNG that is a JPEG": (b"\x89PNG\r\n\x1a\n" + PHOTO, Reason.CORRUPT),
    "AVIF that is a JPEG": (b"\0\0\0\x20ftypavif" + PHOTO, Reason.CORRUPT),
    "HEIC that is a JPEG": (b"\0\0\0\x20ftypheic" + PHOTO, Reason.CORRUPT),
}


@pytest.mark.parametrize(("source", "expected"), LIES.values(), ids=LIES)
def test_a_header_that_lies_gains_nothing(source: bytes, expected: tuple[int, int] | Reason, sandbox: Sandbox) -> None:
    outcome = outcome_of(source, sandbox)

    assert (outcome if isinstance(outcome, Reason) else size_of(outcome)) == expected


SIDES: dict[str, tuple[bytes, tuple[int, int] | Reason]] = {
    "PNG without width": (hostile.png_that_promises(0, 48), Reason.CORRUPT),
    "PNG without height": (hostile.png_that_promises(64, 0), Reason.CORRUPT),
    "PNG of 65,535 squared": (hostile.png_that_promises(65_535, 65_535), Reason.TOO_MANY_PIXELS),
    "PNG of 65,535 by 1": (hostile.png(65_535, 1), (65_535, 1)),
    "PNG of 1 by 65,535": (hostile.png(1, 65_535), (1, 65_535)),
    "JPEG without height": (hostile.jpeg_that_says(0), Reason.UNSUPPORTED),
    "JPEG of 65,535 rows that are not there": (hostile.jpeg_that_says(65_535), Reason.CORRUPT),
    "GIF without a screen": (hostile.gif(1, 0, 0), (1, 1)),
    "GIF of 65,535 by 1": (hostile.gif(1, 65_535, 1), (65_535, 1)),
    "BMP without width": (hostile.bmp_that_promises(0, 48), Reason.CORRUPT),
    "BMP of 65,535 squared": (hostile.bmp_that_promises(65_535, 65_535), Reason.TOO_MANY_PIXELS),
    "TIFF without width": (hostile.tiff_that_promises(0, 48), Reason.CORRUPT),
    "TIFF of 65,535 by 1": (hostile.tiff(65_535, 1), (65_535, 1)),
    "WebP of 16,383 by 1": (hostile.webp_of_34_bytes(16_383, 1), (16_383, 1)),
    "JPEG of 16,000 by 1": (encoded(Image.new("RGB", (16_000, 1)), "JPEG"), (16_000, 1)),
    "JPEG of 1 by 16,000": (encoded(Image.new("RGB", (1, 16_000)), "JPEG"), (1, 16_000)),
    "PNG of 16,000 by 1": (hostile.png(16_000, 1), (16_000, 1)),
    "GIF of 1 by 16,000": (encoded(Image.new("P", (1, 16_000)), "GIF"), (1, 16_000)),
}


@pytest.mark.parametrize(("source", "expected"), SIDES.values(), ids=SIDES)
def test_sides_at_the_edge_of_what_can_be_are_rendered_or_refused(
    source: bytes, expected: tuple[int, int] | Reason, sandbox: Sandbox
) -> None:
    outcome = outcome_of(source, sandbox)

    assert (outcome if isinstance(outcome, Reason) else size_of(outcome)) == expected


NO_IMAGES = {
    "SVG": b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg" width="9" height="9">%s</svg>' % SECRET,
    "EPS": b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 64 48\n(/etc/passwd) (r) file\n",
    "PDF": b"%PDF-1.7\n1 0 obj<<>>endobj\n",
    "PDF around a JPEG": b"%PDF-1.7\n1 0 obj<</Filter/DCTDecode>>stream\n" + PHOTO + b"endstream endobj\n",
    "ZIP": hostile.zip_of(PHOTO),
    "TAR": hostile.tar_of(PHOTO),
    "GZ": gzip.compress(PHOTO),
    "deflated bytes": zlib.compress(PHOTO),
    "HTML": b"<!doctype html>" + SECRET,
    "ELF": b"\x7fELF\x02\x01\x01" + bytes(64),
    "ICO": b"\0\0\1\0\1\0\x10\x10" + bytes(64),
    "PSD": b"8BPS\0\1" + bytes(64),
    "NetPBM": b"P6 9999999 9999999 255\n",
    "20 MB of text": b"Dear Sir or Madam, " * 1_052_632,
}


@pytest.mark.parametrize("name", NO_IMAGES)
def test_what_is_no_image_reaches_no_decoder(name: str, sandbox: Sandbox) -> None:
    assert outcome_of(NO_IMAGES[name], sandbox) is Reason.UNKNOWN_FORMAT

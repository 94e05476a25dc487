"""Faults inside Pillow: each is the image's, or ours, and is told without the image's bytes."""

import struct
import zlib
from collections.abc import Callable
from typing import Any

import pytest
from PIL import Image

from contract.errors import Reason
from resize.errors import ImageRejectedError
from resize.imaging.variants import Format
from support.imaging.images import animation, encoded, quadrants, rendered, variant

PNG = encoded(quadrants(40, 30))


def reason_of(source: bytes) -> Reason:
    with pytest.raises(ImageRejectedError) as refused:
        rendered(source, variant(format=Format.WEBP))
    return refused.value.reason


def test_a_frame_that_grows_a_gif_beyond_the_limit_is_refused() -> None:
    frames = [quadrants(20, 15), quadrants(20, 15).transpose(Image.Transpose.ROTATE_180)]
    source = bytearray(animation("GIF", frames, [100, 100], disposal=2))
    second = source.rindex(b",\0\0\0\0\x14\0\x0f\0")
    source[second + 5 : second + 9] = struct.pack("<HH", 60_000, 60_000)

    assert reason_of(bytes(source)) is Reason.TOO_MANY_PIXELS


def test_pillows_own_limit_is_not_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 10)

    assert rendered(PNG).format == "png"
    assert Image.MAX_IMAGE_PIXELS == 10


@pytest.mark.parametrize(
    ("raised", "reason"),
    [
        (OSError("broken data stream when reading image file"), Reason.CORRUPT),
        (SyntaxError("broken PNG file (chunk b'\\x00SEC')"), Reason.CORRUPT),
        (KeyError(b"SECRET"), Reason.CORRUPT),
        (struct.error("unpack requires a buffer of 4 bytes"), Reason.CORRUPT),
        (zlib.error("Error -3"), Reason.CORRUPT),
        (RuntimeError("cannot read <_io.BytesIO object at 0x7f00>"), Reason.CORRUPT),
        (MemoryError(), Reason.OUT_OF_MEMORY),
        (OSError("Memory allocation error"), Reason.OUT_OF_MEMORY),
        (OSError("out of memory error when reading image file"), Reason.OUT_OF_MEMORY),
        (ValueError("a text about memory is broken"), Reason.CORRUPT),
        (Image.DecompressionBombError("SECRET"), Reason.TOO_MANY_PIXELS),
    ],
)
def test_what_a_decoder_raises_is_the_images_fault_and_told_without_its_bytes(
    raised: Exception, reason: Reason, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Image, "open", _raising(raised))

    with pytest.raises(ImageRejectedError) as refused:
        rendered(PNG)
    assert refused.value.reason is reason
    assert not any(hint in refused.value.detail for hint in ("SEC", "0x", "\\x", "<"))


@pytest.mark.parametrize(
    ("raised", "reason"),
    [
        (OSError("encoder error -2"), Reason.ENCODER_FAILED),
        (ValueError("encoding error 6"), Reason.ENCODER_FAILED),
        (MemoryError(), Reason.OUT_OF_MEMORY),
    ],
)
def test_what_an_encoder_cannot_write_is_refused(
    raised: Exception, reason: Reason, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Image.Image, "save", _raising(raised))

    with pytest.raises(ImageRejectedError) as refused:
        rendered(PNG)
    assert refused.value.reason is reason


def test_what_takes_too_much_memory_to_resize_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Image.Image, "resize", _raising(MemoryError()))

    assert reason_of(PNG) is Reason.OUT_OF_MEMORY


def test_a_mistake_of_ours_is_not_called_a_corrupt_image(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("resize.imaging.pillow.render.to_srgb", _raising(ValueError("our own")))

    with pytest.raises(ValueError, match="our own"):
        rendered(PNG)


def _raising(error: Exception) -> Callable[..., Any]:
    def fail(*_: object, **__: object) -> Any:
        raise error

    return fail

"""Stamps: bytes differ from event to event, pixels never do."""

import hashlib
import io

import pytest
from PIL import Image

from resize.imaging.stamp import stamp
from resize.imaging.variants import Format


def encoded(form: Format, *, lossless: bool = False, alpha: bool = False, frames: int = 1) -> bytes:
    """An image of noise in the format."""
    mode, bands = ("RGBA", 4) if alpha else ("RGB", 3)
    size = 21 * 13 * bands
    noise = [Image.frombytes(mode, (21, 13), hashlib.shake_128(bytes([seed])).digest(size)) for seed in range(frames)]
    stream = io.BytesIO()
    name = "JPEG" if form is Format.JPEG else form.name
    animation = {"save_all": True, "append_images": noise[1:], "duration": 40} if frames > 1 else {}
    noise[0].save(stream, name, **({"lossless": True} if lossless else {}), **animation)
    return stream.getvalue()


SAMPLES = {
    "jpeg": (Format.JPEG, encoded(Format.JPEG)),
    "png": (Format.PNG, encoded(Format.PNG, alpha=True)),
    "gif": (Format.GIF, encoded(Format.GIF)),
    "animated gif": (Format.GIF, encoded(Format.GIF, frames=3)),
    "webp": (Format.WEBP, encoded(Format.WEBP)),
    "webp with alpha": (Format.WEBP, encoded(Format.WEBP, alpha=True)),
    "lossless webp": (Format.WEBP, encoded(Format.WEBP, lossless=True)),
    "animated webp": (Format.WEBP, encoded(Format.WEBP, frames=3)),
    "avif": (Format.AVIF, encoded(Format.AVIF)),
}


def frames_of(body: bytes) -> list[tuple[str, bytes]]:
    """Mode and pixels of every frame."""
    with Image.open(io.BytesIO(body)) as image:
        frames = []
        for number in range(getattr(image, "n_frames", 1)):
            image.seek(number)
            frames.append((image.mode, image.tobytes()))
        return frames


@pytest.mark.parametrize(("form", "body"), SAMPLES.values(), ids=SAMPLES)
@pytest.mark.parametrize("mark", ["0065AB12", "0065AB123"], ids=["even", "odd"])
def test_a_stamped_image_shows_the_same_pixels(form: Format, body: bytes, mark: str) -> None:
    assert frames_of(stamp(body, form, mark)) == frames_of(body)


@pytest.mark.parametrize(("form", "body"), SAMPLES.values(), ids=SAMPLES)
def test_equal_images_of_two_events_have_different_bytes(form: Format, body: bytes) -> None:
    assert stamp(body, form, "0065AB12") != stamp(body, form, "0065AB13")


@pytest.mark.parametrize(("form", "body"), SAMPLES.values(), ids=SAMPLES)
def test_a_stamp_costs_less_than_fifty_bytes(form: Format, body: bytes) -> None:
    assert len(stamp(body, form, "0065AB1234567890")) <= len(body) + 50


def test_a_webp_counts_its_stamp_in_its_size() -> None:
    stamped = stamp(encoded(Format.WEBP), Format.WEBP, "0065AB123")

    assert int.from_bytes(stamped[4:8], "little") == len(stamped) - 8


def test_a_png_ends_with_its_end_chunk() -> None:
    assert stamp(encoded(Format.PNG), Format.PNG, "0065").endswith(b"\x00\x00\x00\x00IEND\xaeB`\x82")

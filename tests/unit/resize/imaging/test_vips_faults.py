"""Faults inside libvips: each is the image's, or ours, and is told without the image's bytes."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from contract.errors import Reason
from resize.errors import ImageRejectedError
from resize.imaging.engine import Engine
from resize.imaging.formats.detect import SourceFormat
from resize.imaging.vips import decode
from resize.imaging.vips.binding import pyvips
from support.imaging import images
from support.imaging.images import encoded, quadrants, rendered

PNG = encoded(quadrants(40, 30))


@pytest.fixture(scope="module", autouse=True)
def _libvips() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(images, "engine", Engine.VIPS)
        yield


def raising(error: Exception) -> Callable[..., Any]:
    def fail(*_: object, **__: object) -> Any:
        raise error

    return fail


def rejection_of(source: bytes) -> ImageRejectedError:
    with pytest.raises(ImageRejectedError) as refused:
        rendered(source)
    return refused.value


@pytest.mark.parametrize(
    ("detail", "reason"),
    [
        ("pngload_buffer: libpng read error\n", Reason.CORRUPT),
        ("pngload_buffer: chunk \x00SEC is not known\nsource: bad seek to 7", Reason.CORRUPT),
        ("VipsImage: <SECRET>", Reason.CORRUPT),
        ("", Reason.CORRUPT),
        ("pngload: a text about memory is broken", Reason.CORRUPT),
        ("vips_tracked: out of memory --- size == 48MB\n", Reason.OUT_OF_MEMORY),
    ],
)
@pytest.mark.parametrize("when", ["at its header", "at its pixels"])
def test_what_a_decoder_says_is_the_images_fault_and_told_without_its_bytes(
    when: str, detail: str, reason: Reason, monkeypatch: pytest.MonkeyPatch
) -> None:
    failing = raising(pyvips.Error("unable to call it", detail or " "))
    if when == "at its header":
        monkeypatch.setitem(decode.LOADERS, SourceFormat.PNG, failing)
    else:
        monkeypatch.setattr(pyvips.Image, "copy_memory", failing)

    rejection = rejection_of(PNG)
    assert rejection.reason is reason
    assert not any(hint in rejection.detail for hint in ("SEC", "\x00", "<", "\n"))


def test_an_error_is_told_and_not_a_warning_before_it(monkeypatch: pytest.MonkeyPatch) -> None:
    detail = "VipsJpeg: 3 extraneous bytes\nvips_sequential: non_sequential read --- at position 0\n"
    monkeypatch.setattr(pyvips.Image, "copy_memory", raising(pyvips.Error("unable to call it", detail)))

    told = "the decoder gave up: vips_sequential: non_sequential read --- at position 0"
    assert rejection_of(PNG).detail == told


@pytest.mark.parametrize(
    ("detail", "reason"),
    [("webpsave_buffer: unable to encode", Reason.ENCODER_FAILED), ("out of memory", Reason.OUT_OF_MEMORY)],
)
def test_what_an_encoder_cannot_write_is_refused(detail: str, reason: Reason, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        pyvips.Image, "pngsave_buffer", raising(pyvips.Error("unable to call it", detail)), raising=False
    )

    assert rejection_of(PNG).reason is reason


def test_what_takes_too_much_memory_to_resize_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pyvips.Image, "copy_memory", raising(MemoryError()))

    assert rejection_of(PNG).reason is Reason.OUT_OF_MEMORY


def test_a_mistake_of_ours_is_not_called_a_corrupt_image(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("resize.imaging.vips.render.to_plain", raising(ValueError("our own")))

    with pytest.raises(ValueError, match="our own"):
        rendered(PNG)


FORBIDDEN: dict[str, Callable[[Path], object]] = {
    "a file": lambda path: pyvips.Image.new_from_file(str(path)),
    "a file by its decoder": lambda path: pyvips.Image.pngload(str(path)),
    "a TIFF": lambda _: pyvips.Image.tiffload_buffer(encoded(quadrants(), "TIFF")),
    "what the bytes look like": lambda _: pyvips.Image.new_from_buffer(PNG, ""),
    "text": lambda _: pyvips.Image.csvload_source(pyvips.Source.new_from_memory(b"1,2,3")),
    "a matrix": lambda _: pyvips.Image.matrixload_source(pyvips.Source.new_from_memory(b"1 1\n7\n")),
}


@pytest.mark.parametrize("load", FORBIDDEN.values(), ids=FORBIDDEN)
def test_no_decoder_can_be_called_but_those_that_are_asked_for(load: Callable[[Path], object], tmp_path: Path) -> None:
    (tmp_path / "image.png").write_bytes(PNG)

    with pytest.raises(pyvips.Error, match=r"blocked|not (in )?a known"):
        load(tmp_path / "image.png")


def test_nothing_is_kept_of_an_image() -> None:
    rendered(PNG)

    assert pyvips.cache_get_size() == 0

"""Libraries' own programs as references: their picture, or why there is none."""

import sys
from pathlib import Path

import pytest

from support.imaging.hostile import png_that_promises
from support.imaging.images import encoded, quadrants
from tools.corpus.picture import Refused, Shown
from tools.corpus.references import REFERENCES, Reference, references_of


def reference_that(folder: Path, code: str) -> Reference:
    """A program that stands in for a library's."""
    program = folder / "program"
    program.write_text(f"#!{sys.executable}\nimport shutil, sys\nsource, written = sys.argv[1:]\n{code}\n")
    program.chmod(0o755)
    kinds = frozenset({"image/tiff"})
    return Reference(name="library", media_types=kinds, command=(str(program),), written="picture.png")


def test_a_librarys_picture_is_what_its_program_writes(tmp_path: Path) -> None:
    shown = reference_that(tmp_path, "shutil.copy(source, written)").show(encoded(quadrants()))

    assert isinstance(shown, Shown)
    assert shown.still.tobytes() == quadrants().convert("RGBA").tobytes()


@pytest.mark.parametrize(
    ("code", "refused"),
    [
        ("sys.exit('no such thing')", Refused(reason="status 1", detail="no such thing")),
        ("", Refused(reason="status 0")),
    ],
)
def test_a_program_that_writes_nothing_has_no_picture(tmp_path: Path, code: str, refused: Refused) -> None:
    assert reference_that(tmp_path, code).show(b"") == refused


@pytest.mark.parametrize("source", [b"no picture", png_that_promises(20_000, 20_000)], ids=["none", "too large"])
def test_a_picture_that_cannot_be_read_is_none(tmp_path: Path, source: bytes) -> None:
    shown = reference_that(tmp_path, "shutil.copy(source, written)").show(source)

    assert isinstance(shown, Refused)
    assert shown.reason == "unreadable"


def test_libvips_shows_a_tiff_as_it_is() -> None:
    assert REFERENCES[-1].name == "libvips"
    shown = references_of(encoded(quadrants(), "TIFF"), "image/tiff")["libvips"]

    assert isinstance(shown, Shown)
    assert shown.still.tobytes() == quadrants().convert("RGBA").tobytes()


def test_formats_that_chromium_paints_have_no_reference() -> None:
    assert references_of(encoded(quadrants()), "image/png") == {}

"""Decode with libtiff, libheif and libvips for reference."""

import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from PIL import Image, UnidentifiedImageError

from tools.corpus.picture import Refused, Result, Shown

_SECONDS = 30
# Files are hostile until proven otherwise: a decoder gets so much memory and processor time.
_LIMITS = ("prlimit", f"--as={3 * 1024**3}", f"--cpu={_SECONDS}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """A library's own program.

    `command` is followed by the file to read and the one to write.
    """

    name: str
    media_types: frozenset[str]
    command: tuple[str, ...]
    written: str

    @property
    def is_here(self) -> bool:
        """Tell whether the program is installed."""
        return shutil.which(self.command[0]) is not None

    def show(self, source: bytes) -> Result:
        """Have the program decode a file."""
        with tempfile.TemporaryDirectory() as folder:
            file, picture = Path(folder, "source"), Path(folder, self.written)
            file.write_bytes(source)
            limits = _LIMITS if shutil.which(_LIMITS[0]) else ()
            command = [*limits, *self.command, str(file), str(picture)]
            try:
                done = subprocess.run(command, capture_output=True, check=False, timeout=2 * _SECONDS)
            except subprocess.TimeoutExpired:
                return Refused(reason="timed_out")
            return _picture(picture, done)


REFERENCES = (
    Reference(
        name="libtiff",
        media_types=frozenset({"image/tiff"}),
        command=("tiff2rgba", "-c", "none"),
        written="picture.tiff",
    ),
    Reference(
        name="libheif",
        media_types=frozenset({"image/heic", "image/avif"}),
        command=("heif-convert",),
        written="picture.png",
    ),
    Reference(
        name="libvips",
        media_types=frozenset({"image/tiff", "image/heic", "image/avif"}),
        command=(sys.executable, "-m", "tools.corpus.libvips"),
        written="picture.png",
    ),
)


def references_of(source: bytes, media_type: str) -> Mapping[str, Result]:
    """Have each library that is installed, and reads such files, show a file."""
    return {
        reference.name: reference.show(source)
        for reference in REFERENCES
        if media_type in reference.media_types and reference.is_here
    }


def missing() -> list[str]:
    """Say which references are not installed."""
    return [
        f"{one.command[0]} is not here, so {one.name} has no say: apt-get install libtiff-tools libheif-examples"
        for one in REFERENCES
        if not one.is_here
    ]


def _picture(file: Path, done: "subprocess.CompletedProcess[bytes]") -> Result:
    detail = done.stderr.decode(errors="replace").strip().splitlines()
    if done.returncode or not file.is_file():
        return Refused(reason=f"status {done.returncode}", detail=detail[-1] if detail else "")
    try:
        with Image.open(file) as picture:
            still = picture.convert("RGBA")
    except (UnidentifiedImageError, OSError, ValueError, Image.DecompressionBombError) as error:
        return Refused(reason="unreadable", detail=str(error))
    return Shown(size=still.size, still=still)

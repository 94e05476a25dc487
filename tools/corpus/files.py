"""Find a corpus's image files and their formats."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

# Inputs of fuzzers: made to break decoders, not to be shown.
_SET_ASIDE = re.compile(r"(^|[^a-z])(oss-?fuzz|cluster-?fuzz|fuzz|crash|stall)", re.IGNORECASE)

_SIGNATURES = {
    b"\xff\xd8\xff": "image/jpeg",
    b"\x89PNG\r\n\x1a\n": "image/png",
    b"GIF8": "image/gif",
    b"BM": "image/bmp",
    b"II*\0": "image/tiff",
    b"MM\0*": "image/tiff",
    b"II+\0": "image/tiff",
    b"MM\0+": "image/tiff",
    b"\0\0\1\0": "image/x-icon",
}
_UNKNOWN = "application/octet-stream"

# The transfer characteristics of PQ (16) and HLG (18), in a PNG's cICP chunk or an nclx `colr` box: ITU-T H.273.
# A gain map's boxes say the same of the picture that is not shown.
_GAIN_MAP = b"tmap"
_HDR = re.compile(rb"(cICP.|colrnclx\0.\0)[\x10\x12]", re.DOTALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Corpus:
    """The files of a folder, sorted.

    Those to run, and how many fuzzers' inputs were set aside.
    """

    folder: Path
    files: tuple[Path, ...]
    set_aside: int

    def name(self, file: Path) -> str:
        """Name a file as the report does."""
        return file.relative_to(self.folder).as_posix()


def corpus_of(folder: Path) -> Corpus:
    """List a folder's files, of any name, in all folders below it."""
    files = sorted(_regular_files(folder))
    chosen = tuple(file for file in files if not _SET_ASIDE.search(file.relative_to(folder).as_posix()))
    return Corpus(folder=folder, files=chosen, set_aside=len(files) - len(chosen))


def media_type(source: bytes) -> str:
    """Tell an image's media type by its first bytes.

    It is for Chromium's decoder of animations.
    """
    for signature, found in _SIGNATURES.items():
        if source.startswith(signature):
            return found
    if source[:4] == b"RIFF" and source[8:12] == b"WEBP":
        return "image/webp"
    if source[4:8] == b"ftyp":
        brands = source[8 : min(int.from_bytes(source[:4], "big"), 256)]
        return "image/avif" if b"avi" in brands or b"MA1" in brands else "image/heic"
    return _UNKNOWN


def is_hdr(source: bytes) -> bool:
    """Tell whether a file says that its brightness goes beyond SDR's."""
    return bool(_HDR.search(source)) and _GAIN_MAP not in source


def _regular_files(folder: Path) -> Iterator[Path]:
    return (path for path in folder.rglob("*") if path.is_file() and not path.is_symlink())

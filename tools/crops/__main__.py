"""Cut pictures by their middle and by attention, and write a page to look at.

`python -m tools.crops FOLDER [--out DIR]`. DIR gets contact-sheet.html, with the cuts of both engines. Exit status:
0 it is written, 1 no file is an image, 2 wrong usage.
"""

import argparse
import sys
from collections.abc import Sequence
from enum import IntEnum
from pathlib import Path

from resize.errors import ImageRejectedError
from tools.crops.contact_sheet import contact_sheet
from tools.crops.cuts import CutPicture, cut_picture


class Status(IntEnum):
    """How a run ends; 2 is argparse's, for wrong usage."""

    WRITTEN = 0
    NO_IMAGE = 1


def main(arguments: Sequence[str] | None = None) -> Status:
    """Cut the images of a folder, and say what was no image."""
    chosen = _parser().parse_args(arguments)
    pictures: list[CutPicture] = []
    for file in sorted(each for each in chosen.folder.rglob("*") if each.is_file()):
        name = str(file.relative_to(chosen.folder))
        try:
            pictures.append(cut_picture(name, file.read_bytes()))
        except ImageRejectedError as fault:
            _print(f"{name!a} is left out: {fault.reason}, {fault.detail}")
    chosen.out.mkdir(parents=True, exist_ok=True)
    page = chosen.out / "contact-sheet.html"
    page.write_text(contact_sheet(pictures), encoding="utf-8")
    _print(f"{len(pictures)} pictures: {page}")
    return Status.WRITTEN if pictures else Status.NO_IMAGE


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="tools.crops", description="Cut pictures by their middle and by attention.")
    parser.add_argument("folder", type=_folder, help="image files, in any folders below it")
    parser.add_argument("--out", type=Path, default=Path(".darkroom/crops"), help="where the page goes")
    return parser


def _folder(text: str) -> Path:
    folder = Path(text)
    if not folder.is_dir():
        raise argparse.ArgumentTypeError(f"{text!r} is no folder")
    return folder


def _print(line: str) -> None:
    print(line, flush=True)  # noqa: T201 - its answer


if __name__ == "__main__":
    sys.exit(main())

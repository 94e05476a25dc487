"""Have every program make variants of a photograph that look good, and time it.

That is 70 by SSIMULACRA2, the mean of the three. They are timed at the quality that gives it, in turns.
"""

import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from functools import cache, partial
from hashlib import sha256
from pathlib import Path
from statistics import mean
from typing import Final, Self

import matplotlib as mpl
import numpy as np
from PIL import Image, ImageOps

from benchmarks.images.dssim import dssim
from benchmarks.images.middle import middle
from benchmarks.look.search import nearest, points_around
from benchmarks.peers.serving import Box
from benchmarks.programs import look_judge
from benchmarks.rendering import BOXES, Pace
from benchmarks.report.results import EqualLook, Point
from benchmarks.workers import PROJECT, Worker, WorkerError
from resize.imaging.encoding import DEFAULTS
from resize.imaging.variants import Format

LOOK: Final = 70.0
FORMATS = ("jpg", "webp", "avif")
_CAMERA_QUALITY = 95
_BESIDE = (0.0, -0.5, 0.5)  # of a pixel


class LookBench:
    """The programs that were started, with a judge, and a folder for what they make."""

    def __init__(self, workers: Mapping[str, Worker], folder: Path, pace: Pace) -> None:
        self._workers = workers
        self._folder = folder
        self._pace = pace
        # Programs of one encoder write the same files: each is judged once.
        self._judged: dict[tuple[Box, str, bytes], tuple[float, float]] = {}
        self._stack = ExitStack()
        self._judge = self._stack.enter_context(Worker(look_judge(), folder / "judge.log"))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def cells(self, photograph: Path, formats: Sequence[str], tell: Callable[[str], None]) -> Iterator[EqualLook]:
        """Measure one photograph, in every format by every program."""
        with tempfile.TemporaryDirectory(dir=self._folder) as own:
            upload = _Upload(photograph, Path(own))
            for output in formats:
                tell(f"{photograph.name}: {output} of equal look")
                yield from self._timed(upload, output, [self._found(name, upload, output) for name in self._workers])

    def _found(self, name: str, upload: "_Upload", output: str) -> EqualLook:
        cell = EqualLook(picture=upload.name, format=output, program=name)
        try:
            points = points_around(LOOK, partial(self._point, name, upload, output), DEFAULTS[Format(output)].quality)
            return replace(cell, points=points)
        except WorkerError as error:
            return replace(cell, refusal=str(error))

    def _point(self, name: str, upload: "_Upload", output: str, quality: int) -> Point:
        self._render(name, upload, output, quality)
        files = [upload.folder / box.name for box in BOXES]
        judged = [self._look(upload, file, box) for file, box in zip(files, BOXES, strict=True)]
        return Point(
            quality=quality,
            bytes=sum(file.stat().st_size for file in files),
            look=mean(look for look, _ in judged),
            dssim=mean(unlike for _, unlike in judged),
        )

    def _look(self, upload: "_Upload", file: Path, box: Box) -> tuple[float, float]:
        with Image.open(file) as opened:
            made = opened.convert("RGB")
        key = box, upload.name, sha256(file.read_bytes()).digest()
        if key not in self._judged:
            self._judged[key] = max(self._judge_by(each, file, made) for each in upload.references(made.size, box))
        return self._judged[key]

    def _judge_by(self, reference: Path, file: Path, made: Image.Image) -> tuple[float, float]:
        answer = self._judge.ask({"picture": str(reference), "file": str(file)})
        if "refusal" in answer:
            raise WorkerError(str(answer["refusal"]))
        with Image.open(reference) as perfect:
            return float(answer["look"]), dssim(perfect, made)

    def _render(self, name: str, upload: "_Upload", output: str, quality: int) -> float:
        answer = self._workers[name].ask(upload.question(output, quality))
        if "refusal" in answer:
            raise WorkerError(str(answer["refusal"]))
        return float(answer["seconds"])

    def _timed(self, upload: "_Upload", output: str, cells: Sequence[EqualLook]) -> Iterator[EqualLook]:
        able = [cell for cell in cells if cell.points]
        seconds: dict[str, list[float]] = {cell.program: [] for cell in able}
        for number in self._pace.rounds():
            for cell in reversed(able) if number % 2 else able:
                quality = nearest(cell.points, LOOK).quality
                seconds[cell.program].append(self._render(cell.program, upload, output, quality))
        for cell in cells:
            yield replace(cell, seconds=tuple(seconds.get(cell.program, ())))


class _Upload:
    """A photograph as a camera would have sent it: a JPEG of quality 95, without less color than light."""

    def __init__(self, photograph: Path, folder: Path) -> None:
        self.name = photograph.name
        self.folder = folder
        self._file = folder / "upload.jpg"
        with Image.open(photograph) as opened:
            upright = ImageOps.exif_transpose(opened).convert("RGB")
        upright.save(self._file, quality=_CAMERA_QUALITY, subsampling=0)
        with Image.open(self._file) as sent:
            self._picture = sent.convert("RGB")
        self.references = cache(self._references)

    def question(self, output: str, quality: int) -> dict[str, object]:
        """Say what a program is asked."""
        boxes = [{"name": box.name, "width": box.width, "height": box.height, "cover": box.cover} for box in BOXES]
        return {
            "source": str(self._file),
            "folder": str(self.folder),
            "format": output,
            "quality": quality,
            "animated": False,
            "boxes": boxes,
        }

    def _references(self, size: tuple[int, int], box: Box) -> tuple[Path, ...]:
        """Write what a perfect resizer makes, Lanczos in floats, without loss; the likest of several counts.

        The middle of an odd number of pixels lies between two: a program that cuts beside it is not worse for that.
        """
        cuts = [middle(self._picture.size, size, shift) for shift in _BESIDE] if box.cover else [None]
        paths = []
        for number, cut in enumerate(cuts):
            paths.append(self.folder / f"{box.name}-{size[0]}x{size[1]}-{number}.bmp")
            self._resized(size, cut).save(paths[-1])
        return tuple(paths)

    def _resized(self, size: tuple[int, int], cut: tuple[float, float, float, float] | None) -> Image.Image:
        lanczos = Image.Resampling.LANCZOS
        channels = [channel.convert("F").resize(size, lanczos, box=cut) for channel in self._picture.split()]
        levels = np.stack([np.asarray(channel) for channel in channels], axis=-1)
        return Image.fromarray(np.clip(np.rint(levels), 0, 255).astype(np.uint8))


def shipped_photographs() -> list[Path]:
    """List photographs that are here already.

    One is matplotlib's, and those of samples/ are from other packages.
    """
    samples = (PROJECT / "samples" / name for name in ("astronaut.jpg", "summer-palace.jpg"))
    return [Path(mpl.get_data_path()) / "sample_data" / "grace_hopper.jpg", *samples]


def photographs_in(folder: Path) -> list[Path]:
    """List the files of a folder whose names say that they are pictures."""
    return sorted(path for path in folder.iterdir() if path.suffix.lower() in {".png", ".jpg", ".jpeg"})

"""Writes photographs in every format, at every effort, and judges them.

`make encoding PHOTOS=folder`. The encoders are the function's own, and the look is judged by SSIMULACRA2, in the
environment that has it.
"""

import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from statistics import median
from time import process_time
from typing import TypeAlias

import pyvips
from PIL import Image, UnidentifiedImageError

from benchmarks.encoding.trial import Figures, Trial, to_json
from benchmarks.programs import look_judge
from benchmarks.workers import Worker
from resize.imaging.encoding import DEFAULTS, Encoding
from resize.imaging.engine import Engine
from resize.imaging.geometry import Size
from resize.imaging.pillow.encode import encode as encode_by_pillow
from resize.imaging.pillow.frames import Frames as PillowFilm
from resize.imaging.variants import Format
from resize.imaging.vips.encode import encode as encode_by_vips
from resize.imaging.vips.frames import Frames as VipsFilm

SIDES = (1600, 800, 320)
_ROUNDS = 3
_LOWER = 8  # the quality beside the default, to tell from the two what a file of another look would have
# What is tried of each format: efforts that share an encoder's settings once. Both engines have the same encoders but
# for JPEG, of which mozjpeg, which is libvips's, can more.
EFFORTS = {
    (Engine.PILLOW, Format.WEBP): (0, 1, 2, 3, 4, 5, 6),
    (Engine.PILLOW, Format.JPEG): (2, 3, 4),
    (Engine.VIPS, Format.JPEG): (2, 3, 4, 6),
    (Engine.PILLOW, Format.AVIF): (1, 2, 3, 4, 5, 6),
}


# Judges a file of a picture.
Judge: TypeAlias = Callable[[Image.Image, bytes], float]


def trials_of(path: Path, judge: Judge) -> Iterator[Trial]:
    """Try everything on one picture, at every size that it has."""
    with Image.open(path) as opened:
        whole = opened.convert("RGB")
    for side in SIDES:
        scale = side / max(whole.size)
        if scale <= 1:
            size = Size(max(round(whole.width * scale), 1), max(round(whole.height * scale), 1))
            yield from _trials(path.stem, side, whole.resize(size, Image.Resampling.LANCZOS), judge)


def _trials(name: str, side: int, picture: Image.Image, judge: Judge) -> Iterator[Trial]:
    for (engine, output), efforts in EFFORTS.items():
        for quality in (DEFAULTS[output].quality, DEFAULTS[output].quality - _LOWER):
            encodings = [
                Encoding(format=output, quality=quality, effort=effort, size=Size(*picture.size)) for effort in efforts
            ]
            bodies, seconds = _written_in_turns(picture, engine, encodings)
            for encoding, body, times in zip(encodings, bodies, seconds, strict=True):
                yield Trial(
                    picture=name,
                    side=side,
                    engine=engine.value,
                    format=output.value,
                    quality=quality,
                    effort=encoding.effort,
                    bytes=len(body),
                    look=round(judge(picture, body), 2),
                    milliseconds=round(1000 * median(times), 2),
                )


def _written_in_turns(
    picture: Image.Image, engine: Engine, encodings: Sequence[Encoding]
) -> tuple[list[bytes], list[list[float]]]:
    """Write a picture with each encoding by turns, so that what else the machine does falls on all of them."""
    seconds: list[list[float]] = [[] for _ in encodings]
    bodies: list[bytes] = []
    for _ in range(_ROUNDS):
        bodies = []
        for encoding, times in zip(encodings, seconds, strict=True):
            start = process_time()
            bodies.append(_written(picture, engine, encoding))
            times.append(process_time() - start)
    return bodies, seconds


def _written(picture: Image.Image, engine: Engine, encoding: Encoding) -> bytes:
    if engine is Engine.PILLOW:
        return encode_by_pillow(PillowFilm(frames=(picture,)), encoding)
    pixels = pyvips.Image.new_from_memory(picture.tobytes(), picture.width, picture.height, 3, "uchar")
    return encode_by_vips(VipsFilm(frames=(pixels.copy(interpretation="srgb"),)), encoding)


def _judged(judge: Worker, folder: Path, picture: Image.Image, body: bytes) -> float:
    lossless, file = folder / "picture.bmp", folder / "file"
    picture.save(lossless)
    file.write_bytes(body)
    return float(judge.ask({"picture": str(lossless), "file": str(file)})["look"])


def _tried(path: Path, judge: Judge) -> list[Trial]:
    print(path.name, file=sys.stderr, flush=True)
    try:
        return list(trials_of(path, judge))
    except (UnidentifiedImageError, IsADirectoryError):
        print(f"{path.name} is left out: it is no picture that Pillow reads", file=sys.stderr)
        return []


def main(arguments: Sequence[str]) -> int:
    """Try the pictures of a folder, and write a file that says what they are.

    The status is 2 where there are none.
    """
    folder, out, of = Path(arguments[0]), Path(arguments[1]), arguments[2]
    trials: list[Trial] = []
    with (
        tempfile.TemporaryDirectory(prefix="darkroom-look-") as made,
        Worker(look_judge(), Path(made) / "judge.log") as worker,
    ):
        for path in sorted(folder.iterdir()) if folder.is_dir() else ():
            trials += _tried(path, partial(_judged, worker, Path(made)))
    if not trials:
        print(f"PHOTOS: {str(folder)!r} has no picture of {SIDES[-1]} pixels or more", file=sys.stderr)
        return 2
    out.write_text(to_json(Figures(of=of, trials=trials)), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""What the sandbox costs: a JPEG in process and in the sandbox.

It has a photograph's size, and becomes the default variants. .venv/bin/python benchmarks/function/sandbox.py [runs]

Runs alternate, so that whatever else the machine does meets both alike. Each is measured by the clock.
"""

import io
import json
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from statistics import median
from time import monotonic, perf_counter

from PIL import Image

from resize.imaging.limits import Limits
from resize.imaging.render import render
from resize.imaging.rendition import Rendered
from resize.imaging.variants import parse_variants
from resize.sandbox.pool import Confinement, Sandbox

SIZE = (3000, 2000)
RUNS = 40
CONTEXT = json.loads((Path(__file__).parents[2] / "cdk.json").read_text(encoding="utf-8"))["context"]
CONFINEMENT = Confinement(
    memory_bytes=1120 * 1024**2, answer_bytes=140 * 1024**2, processor_seconds=25, wall_seconds=75
)


def photograph() -> bytes:
    """A JPEG with as much detail as a camera's: noise at every scale."""
    picture = Image.new("L", SIZE, 128)
    for scale in (1, 4, 16, 64, 256):
        noise = Image.effect_noise((SIZE[0] // scale + 1, SIZE[1] // scale + 1), 40)
        picture = Image.blend(picture, noise.resize(SIZE, Image.Resampling.BICUBIC), 0.4)
    file = io.BytesIO()
    turned = picture.transpose(Image.Transpose.ROTATE_180)
    Image.merge("RGB", (picture, Image.blend(picture, turned, 0.2), Image.blend(picture, turned, 0.4))).save(
        file, "JPEG", quality=85
    )
    return file.getvalue()


def seconds_of(make: Callable[[], Rendered]) -> float:
    """Take the time of one run, by the clock."""
    start = perf_counter()
    make()
    return perf_counter() - start


def one_of_each(ways: Mapping[str, Callable[[], Rendered]], *, backwards: bool) -> dict[str, float]:
    """Take the times of one run of each, in this order or the other.

    Neither is always the second.
    """
    order = reversed(list(ways)) if backwards else iter(ways)
    return {name: seconds_of(ways[name]) for name in order}


def main() -> None:
    """Print both medians and their ratio."""
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else RUNS
    source, variants, limits = photograph(), parse_variants(CONTEXT["variants"]), Limits()
    with Sandbox(variants, limits, CONFINEMENT) as sandbox:
        ways: dict[str, Callable[[], Rendered]] = {
            "in process": lambda: render(source, variants, limits),
            "in the sandbox": lambda: sandbox.render(source, monotonic() + 120),
        }
        for make in ways.values():  # what is loaded once is loaded now
            make()
        times = [one_of_each(ways, backwards=run % 2 == 1) for run in range(runs)]
    print(f"{SIZE[0]} x {SIZE[1]} JPEG of {len(source):,} bytes to {len(variants)} variants, {runs} runs of each")
    for name in ways:
        print(f"{name:>15}: median {median(run[name] for run in times) * 1000:.1f} ms")
    ratio = median(run["in the sandbox"] / run["in process"] for run in times)
    print(f"the sandbox costs {100 * (ratio - 1):+.1f} % (median of the ratios of neighbouring runs)")


if __name__ == "__main__":
    main()

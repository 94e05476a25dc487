"""Measures what a job costs in processor time, and writes service_times.json.

`make scale-measure`. Processor time and not the clock, medians and not means: what else the machine does hardly shows.
"""

import io
import json
import os
import platform
import resource
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from statistics import median
from time import process_time

import numpy as np
from PIL import Image, __version__

from resize.imaging.engine import Engine
from resize.imaging.limits import Limits
from resize.imaging.render import render
from resize.imaging.variants import Variant
from resize.settings import Settings
from simulation.parameters import ROOT, SERVICE_TIMES, default_config

MEGAPIXELS = (2, 6, 12, 24)
RUNS = 7
SEED = 1
# Of a camera's JPEG: width to height, quality, and how much each doubling of detail adds, for about 0.3 bytes a pixel.
_SHAPE = (3, 2)
_QUALITY = 88
_DETAIL = 0.88


def photograph(megapixels: int) -> bytes:
    """Make a JPEG with detail at every scale, weaker the finer, as in nature."""
    unit = (megapixels * 1e6 / (_SHAPE[0] * _SHAPE[1])) ** 0.5
    size = round(_SHAPE[0] * unit), round(_SHAPE[1] * unit)
    generator = np.random.default_rng(SEED)
    picture = np.full((size[1], size[0], 3), 128, np.float32)
    strength, cells = 60.0, 3
    while cells < size[0]:
        noise = generator.integers(0, 256, (max(cells * size[1] // size[0], 1), cells, 3), np.uint8)
        layer = Image.fromarray(noise).resize(size, Image.Resampling.BICUBIC)
        picture += (np.asarray(layer, np.float32) - 128) * (strength / 128)
        strength, cells = strength * _DETAIL, cells * 2
    file = io.BytesIO()
    Image.fromarray(picture.clip(0, 255).astype(np.uint8)).save(file, "JPEG", quality=_QUALITY)
    return file.getvalue()


def seconds_of(make: Callable[[], object]) -> float:
    """Take the processor time of this process for one call."""
    start = process_time()
    make()
    return process_time() - start


def render_seconds(engine: Engine, source: bytes, variants: tuple[Variant, ...]) -> float:
    """Take the median processor time of rendering.

    What an engine needs is loaded before.
    """
    work = partial(render, source, variants, Limits(), None, engine)
    work()
    return round(median(seconds_of(work) for _ in range(RUNS)), 4)


def start_seconds(engine: Engine, variants: tuple[Variant, ...]) -> float:
    """Take the processor time of a fresh process up to a ready function.

    That of its sandbox is in it.
    """
    settings = Settings(uploads_bucket="uploads", derived_bucket="derived", variants=variants, engine=engine)
    environment = settings.to_environment() | {
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(default_config().memory_mb),
        "AWS_DEFAULT_REGION": "us-east-1",
        "PATH": os.environ["PATH"],
    }
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, "-c", "import resize.handler"], env=environment, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main() -> None:
    """Measure, and write what was measured."""
    variants = default_config().variants
    photographs = []
    for megapixels in MEGAPIXELS:
        source = photograph(megapixels)
        seconds = {engine.value: render_seconds(engine, source, variants) for engine in Engine}
        photographs.append({"megapixels": megapixels, "bytes": len(source), "render_seconds": seconds})
    measured = {
        "machine": f"{_processor()}, {platform.machine()}, {platform.system()}",
        "python": platform.python_version(),
        "pillow": __version__,
        "runs": RUNS,
        "photographs": photographs,
        "start_seconds": {
            engine.value: round(median(start_seconds(engine, variants) for _ in range(RUNS)), 3) for engine in Engine
        },
    }
    SERVICE_TIMES.write_text(json.dumps(measured, indent=2) + "\n", encoding="utf-8")
    sys.stdout.write(f"{SERVICE_TIMES.relative_to(ROOT)}\n{json.dumps(measured, indent=2)}\n")


def _processor() -> str:
    """Name the processor, where the system tells it."""
    described = Path("/proc/cpuinfo")
    lines = described.read_text(encoding="utf-8").splitlines() if described.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or "unknown processor"


if __name__ == "__main__":
    main()

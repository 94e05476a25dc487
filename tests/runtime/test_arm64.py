"""The bundles for arm64, under qemu: whatever goes in, what comes out looks as it does on x86_64."""

import io
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from PIL import Image, ImageSequence, ImageStat

from resize.imaging.engine import Engine
from resize.imaging.variants import Format
from stacks.bundle.build import PROJECT
from support.command.pipelines import manifest_of, upload
from support.function import bundle_program
from support.function.jobs_queue import JobsQueue
from support.function.lambda_function import ARM64, X86_64, BundleOf, Machine, lambda_function
from support.imaging.formats import pictures
from support.imaging.images import crashing_heic
from support.imaging.likeness import similarity

# An emulated processor takes some thirty times as long.
pytestmark = [pytest.mark.runtime, pytest.mark.timeout(1200)]

LEAST_SIMILARITY = 0.985
# By how many of 255 levels a channel may differ on the whole: in the few colors of a GIF, neighbours differ by more.
MOST_TINT = 1.0
WIDTH = 96
# On a busy machine an emulated sandbox may need more than the time that it has for its start. Its job is tried again.
TRIES = 5

SOURCES: Mapping[str, Mapping[str, bytes]] = {
    "samples": {path.name: path.read_bytes() for path in (PROJECT / "samples").iterdir() if path.suffix != ".md"},
    "formats": pictures(),
}


def made_by(machine: Machine, bundle: Path, engine: Engine, sources: Mapping[str, bytes], folder: Path) -> Path:
    """Have the function's Python render sources with its bundle, into a folder for each of them."""
    inputs, out = folder / f"in-{machine.architecture}", folder / f"out-{machine.architecture}"
    inputs.mkdir()
    for name, source in sources.items():
        (inputs / name).write_bytes(source)
    program = (machine.python, "-I", "-S", bundle_program.__file__, bundle, engine, str(WIDTH), inputs, out)
    done = subprocess.run(program, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return out


def files_in(folder: Path) -> dict[str, Path]:
    return {path.relative_to(folder).as_posix(): path for path in folder.rglob("*") if path.is_file()}


def frames_of(file: Path) -> Iterator[Image.Image]:
    """Each frame, before black and before white."""
    for frame in ImageSequence.Iterator(Image.open(io.BytesIO(file.read_bytes()))):
        shown = frame.convert("RGBA")
        for ground in ("black", "white"):
            yield Image.alpha_composite(Image.new("RGBA", shown.size, ground), shown).convert("RGB")


def likeness(one: Path, other: Path) -> float:
    """The least SSIM of any frame; 0 where its colors are others on the whole."""
    frames = list(zip(frames_of(one), frames_of(other), strict=True))
    tints = [
        abs(a - b) for pair in frames for a, b in zip(*(ImageStat.Stat(frame).mean for frame in pair), strict=True)
    ]
    return min(similarity(*pair) for pair in frames) if max(tints) < MOST_TINT else 0.0


@pytest.mark.parametrize("kind", SOURCES)
def test_every_source_becomes_in_every_format_what_it_becomes_on_x86_64(
    kind: str, engine: Engine, bundle_of: BundleOf, tmp_path: Path
) -> None:
    sources = SOURCES[kind]
    expected, made = (
        files_in(made_by(machine, bundle_of(machine, engine), engine, sources, tmp_path)) for machine in (X86_64, ARM64)
    )

    rejected = {name for name in expected if name.endswith("/rejected")}
    rendered = {f"{name}/{output}" for name in sources for output in ("source", *Format)}
    assert made.keys() == expected.keys()
    assert expected.keys() - rejected == {name for name in rendered if f"{Path(name).parent}/rejected" not in rejected}
    assert rejected == ({"half-uploaded.jpg/rejected"} if kind == "samples" else set())
    assert {name: made[name].read_bytes() for name in rejected} == dict.fromkeys(rejected, b"corrupt")
    unlike = {name: likeness(expected[name], made[name]) for name in expected.keys() - rejected}
    assert {name: ssim for name, ssim in unlike.items() if ssim < LEAST_SIMILARITY} == {}


def test_a_batch_with_a_crash_is_done_by_the_function_and_its_sandbox(
    queue: JobsQueue, engine: Engine, bundle_of: BundleOf, tmp_path: Path
) -> None:
    formats = ("JPEG", "HEIC", "animated WEBP")
    sources = {f"{engine} arm64 {name}": pictures()[name] for name in formats} | {f"{engine} crash": crashing_heic()}
    for key, source in sources.items():
        upload(queue.pipeline, key, source)

    environment = queue.environment(engine) | {"DARKROOM_RENDER_SECONDS": "100"}
    with lambda_function(ARM64, bundle_of(ARM64, engine), environment, tmp_path, seconds=900) as function:
        messages = queue.receive(len(sources))
        for _ in range(TRIES):
            messages = queue.deliver(messages, function) if messages else []
        faults = {line["error_code"] for line in function.log_lines() if line.get("message") == "job failed"}

    assert messages == []
    assert faults <= {"SandboxError"}
    manifests = {key: manifest_of(queue.pipeline, key) for key in sources}
    outcomes = [
        (manifest["outcome"], manifest["reason"], len(manifest["renditions"])) for manifest in manifests.values()
    ]
    assert outcomes == [*[("resized", None, 3)] * len(formats), ("rejected", "crashed", 0)]

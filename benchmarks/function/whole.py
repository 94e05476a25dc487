"""The whole: uploads through the pipeline on this machine.

It runs as `darkroom run` runs it, and who used its processors is told.
"""

import os
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from statistics import median

from benchmarks.report.results import Whole
from contract.manifest import Manifest, Outcome
from darkroom.local.local_pipeline import local_pipeline
from darkroom.uploads.local_files import LocalFile
from darkroom.uploads.outcomes import Result, wait_for_outcomes
from darkroom.uploads.upload import upload_all
from darkroom.uploads.watcher import PipelineWatcher

_PATIENCE_SECONDS = 120
# Fields 14 to 17 of /proc/PID/stat, counted after the command's bracket: its processor time, and its ended children's.
_TIMES = slice(11, 15)
_PARENT = 1


def measure_whole(photograph: Path, uploads: int, tell: Callable[[str], None]) -> Whole:
    """Upload a photograph so many times, and wait for every manifest.

    Each has a key of its own.

    Raises:
        DarkroomError: the pipeline could not be brought up, or did not answer.
    """
    sources = [LocalFile(photograph, f"{number:05}.jpg") for number in range(uploads)]
    with local_pipeline({}, begin=tell) as local:
        tell(f"{uploads} uploads")
        watch = PipelineWatcher(local.pipeline.client("s3"), local.pipeline.client("sqs"), local.pipeline)
        before, begin = processor_seconds(os.getpid()), time.perf_counter()
        uploaded = list(upload_all(sources, local.pipeline))
        uploading = time.perf_counter() - begin
        rounds = wait_for_outcomes(uploaded, watch, idle_timeout=_PATIENCE_SECONDS)
        results = [result for some in rounds for result in some]
        seconds = time.perf_counter() - begin
        used = {name: spent - before.get(name, 0) for name, spent in processor_seconds(os.getpid()).items()}
    manifests = _resized(results)
    if not manifests:
        raise RuntimeError(f"none of {uploads} uploads was resized")
    return Whole(
        uploads=uploads,
        resized=len(manifests),
        upload_bytes=photograph.stat().st_size,
        seconds=seconds,
        uploading_seconds=uploading,
        waiting_seconds=median(_seconds(each.times.uploaded, each.times.started) for each in manifests),
        job_seconds=median(_seconds(each.times.started, each.times.finished) for each in manifests),
        processor_seconds=used,
    )


def _resized(results: Sequence[Result]) -> list[Manifest]:
    return [result.manifest for result in results if result.outcome is Outcome.RESIZED and result.manifest]


def _seconds(start: str, end: str) -> float:
    return (datetime.fromisoformat(end) - datetime.fromisoformat(start)).total_seconds()


def processor_seconds(root: int) -> dict[str, float]:
    """Add up what a process and all below it have used, by what they are.

    Nothing where there is no /proc.
    """
    processes = {int(path.name): path for path in Path("/proc").glob("[0-9]*")}
    stats = {number: stat for number, path in processes.items() if (stat := _stat(path))}
    used: dict[str, float] = defaultdict(float)
    for number, stat in stats.items():
        if _descends(number, root, stats):
            used[_kind(number, root, processes[number])] += sum(map(int, stat[_TIMES])) / os.sysconf("SC_CLK_TCK")
    return used


def _stat(path: Path) -> list[str] | None:
    try:
        return (path / "stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
    except OSError:  # it has ended
        return None


def _descends(number: int, root: int, stats: dict[int, list[str]]) -> bool:
    while number in stats and number != root:
        number = int(stats[number][_PARENT])
    return number == root


def _kind(number: int, root: int, path: Path) -> str:
    if number == root:
        return "uploading and watching"
    try:
        command = (path / "cmdline").read_bytes().decode(errors="replace")
    except OSError:
        return "other"
    if "resize.sandbox.worker" in command:
        return "rendering, in the sandbox"
    return "the emulator" if "emulator_process" in command else "the function"

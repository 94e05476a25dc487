"""One invocation: when each job of a batch ends.

The jobs of a batch overlap on one processor.
"""

import heapq
from collections.abc import Sequence
from dataclasses import dataclass

from resize.settings import STORAGE_SECONDS, WALL_FACTOR
from simulation.aws.limits import BYTES_A_SECOND, MEGABYTES_A_VCPU
from simulation.aws.storage import Answer, Method, Storage
from simulation.parameters import Parameters, Photograph
from stacks.config.config import Config

MANIFESTS = "manifests"
UPLOADS = "uploads"


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """A job of a batch.

    One that an earlier delivery has done already reads its manifest and ends.
    """

    photograph: Photograph
    is_done_already: bool = False


@dataclass(frozen=True, slots=True)
class Ended:
    """When a job ended, in seconds from the invocation's start.

    It may have been released for retry.
    """

    at: float
    is_done: bool
    is_handed_back: bool = False


def vcpus(memory_mb: int) -> float:
    """Give the processor that comes with so much memory."""
    return memory_mb / MEGABYTES_A_VCPU


def render_seconds(photograph: Photograph, memory_mb: int) -> float:
    """Give the time of rendering, of which one image uses one vCPU at most."""
    return photograph.render_seconds / min(1.0, vcpus(memory_mb))


def images_at_once(config: Config) -> int:
    """Say how many images the sandbox renders side by side."""
    return config.settings(uploads_bucket=UPLOADS, derived_bucket=MANIFESTS).images_at_once(config.memory_mb)


def requests_a_job(config: Config) -> dict[Method, int]:
    """Count the S3 requests of a job of a fresh upload.

    Two reads, and one write for each derived object.
    """
    return {Method.GET: 2, Method.PUT: len(config.variants) + 1}


def run(tasks: Sequence[Task], config: Config, storage: Storage, started: float) -> tuple[Ended, ...]:
    """Run a batch that starts at a time.

    `jobs_at_once` jobs are under way, of which each processor renders one. Neither a job nor its rendering is begun
    without the time that it may take: lambdas/resize/ hands it back.
    """
    last_start = started + config.function_timeout_seconds - STORAGE_SECONDS - WALL_FACTOR * config.render_seconds
    free = [started] * min(config.jobs_at_once, len(tasks))
    processors = [started] * images_at_once(config)
    ended = []
    for task in tasks:
        at = heapq.heappop(free)
        is_handed_back = at > last_start
        answer = Answer(at, is_done=False) if is_handed_back else _read(task, storage, at)
        if answer.is_done and not task.is_done_already:
            turn = max(answer.at, processors[0])
            is_handed_back = turn > last_start
            if is_handed_back:
                answer = Answer(turn, is_done=False)
            else:
                rendered = turn + render_seconds(task.photograph, config.memory_mb)
                heapq.heapreplace(processors, rendered)
                answer = _write(config, storage, rendered)
        heapq.heappush(free, answer.at)
        ended.append(Ended(answer.at - started, answer.is_done, is_handed_back))
    return tuple(ended)


def _read(task: Task, storage: Storage, at: float) -> Answer:
    """Read the manifest, and the original at the same time, whose bytes come once the manifest is known."""
    manifest = storage.request(Method.GET, MANIFESTS, at)
    if task.is_done_already or not manifest.is_done:
        return manifest
    original = storage.request(Method.GET, UPLOADS, at)
    both = max(manifest.at, original.at)
    return Answer(both + task.photograph.bytes / BYTES_A_SECOND, original.is_done)


def _write(config: Config, storage: Storage, at: float) -> Answer:
    """Write the renditions side by side, and the manifest once they are there."""
    renditions = [storage.request(Method.PUT, variant.name, at) for variant in config.variants]
    last = max(answer.at for answer in renditions)
    if not all(answer.is_done for answer in renditions):
        return Answer(last, is_done=False)
    return storage.request(Method.PUT, MANIFESTS, last)


def latencies(parameters: Parameters) -> dict[Method, float]:
    """Give the latency of each kind of request, in seconds."""
    return {Method.GET: parameters.get_seconds, Method.PUT: parameters.put_seconds}

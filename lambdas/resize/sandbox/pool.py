"""Pool of child processes that isolate hostile images.

A child (worker.py) has limits on memory and processor time, no credentials and no files of ours. It stays for
the next image; after a crash, a hang or a lack of memory a fresh one takes its place.
"""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import asdict, dataclass
from io import BufferedReader, BufferedWriter
from math import inf
from queue import LifoQueue
from time import monotonic
from typing import IO, Self, cast

from contract.errors import Reason
from contract.focal_point import FocalPoint
from resize.errors import ImageRejectedError, OutOfTimeError, SandboxError
from resize.imaging.engine import Engine
from resize.imaging.limits import Limits
from resize.imaging.rendition import Rendered
from resize.imaging.variants import Variant
from resize.sandbox.pipe import Pipe
from resize.sandbox.protocol import (
    READY,
    ProtocolError,
    StreamEndedError,
    encode_task,
    read_answer,
    read_message,
    write_message,
)

# A cold import of Pillow on a busy machine takes a second or two; on a far slower one it may take what an image may.
_START_SECONDS = 30.0

# What finds Python and its libraries; nothing else of the environment, credentials above all, reaches the child.
_INHERITED_VARIABLES = ("PATH", "LD_LIBRARY_PATH", "LANG")

# How the child's C library keeps memory (mallopt(3)): in one arena, for a decoder's thread would take 128 MB of the
# address space for another; and what an image frees stays for the next, for to get it back from the kernel, page by
# page, is a tenth of the time of all rendering.
ALLOCATOR = {
    "MALLOC_ARENA_MAX": "1",
    "MALLOC_MMAP_THRESHOLD_": str(32 * 1024**2),
    "MALLOC_TRIM_THRESHOLD_": str(128 * 1024**2),
}

_REASON_BY_SIGNAL = {
    signal.SIGABRT: Reason.ABORTED,
    signal.SIGKILL: Reason.OUT_OF_MEMORY,  # not sent by us, so by the kernel, which has no memory left
}

_CHILD_IS_SPENT = frozenset(
    {Reason.TIMED_OUT, Reason.ABORTED, Reason.CRASHED, Reason.OUT_OF_MEMORY, Reason.DECODER_FAILED}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Confinement:
    """What each child may use.

    Bytes of address space in all, and for each image bytes of answer and seconds of time. All renditions of an image
    together are its answer, which the parent holds. `wall_seconds` are by the clock, from when a child is given the
    image: what hangs need not use the processor.
    """

    memory_bytes: int
    answer_bytes: int
    processor_seconds: int
    wall_seconds: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _WorkerOptions:
    """What each child is started for."""

    limits: Limits
    confinement: Confinement
    engine: Engine


@dataclass(frozen=True, slots=True)
class _Wanted:
    """What one image is to become."""

    variants: tuple[Variant, ...]
    focus: FocalPoint | None


class Sandbox:
    """Child processes that render one image each at a time.

    Calls from more threads wait for their turn. The children start at once, so that they get ready while their caller
    does, and end with `close`. `variants` are what an image becomes of which nothing else is said.
    """

    def __init__(
        self,
        variants: Sequence[Variant],
        limits: Limits,
        confinement: Confinement,
        children: int = 1,
        engine: Engine = Engine.PILLOW,
    ) -> None:
        order = _WorkerOptions(limits=limits, confinement=confinement, engine=engine)
        self._variants = tuple(variants)
        self._slots = tuple(_Slot(order) for _ in range(children))
        # The last one used comes first: its memory is warm.
        self._free: LifoQueue[_Slot] = LifoQueue()
        for place in self._slots:
            self._free.put(place)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def render(
        self,
        source: bytes,
        deadline: float,
        variants: Sequence[Variant] | None = None,
        focus: FocalPoint | None = None,
    ) -> Rendered:
        """Make renditions of an image before `deadline`.

        It is in seconds of the monotonic clock. Cuts keep what is around `focus`, where one is given.

        Raises:
            ImageRejectedError: an invalid image, be it by what it did to the child.
            OutOfTimeError: when its turn came, the deadline was nearer than an image may take.
            SandboxError: no child comes up; nothing has looked at the image.
        """
        with self._free_slot() as place:
            return place.render(
                source, _Wanted(self._variants if variants is None else tuple(variants), focus), deadline
            )

    @property
    def process_ids(self) -> tuple[int, ...]:
        """The children's process ids."""
        return tuple(place.child.process_id for place in self._slots if place.child)

    def close(self) -> None:
        """End the children, each when it has done its image."""
        with ExitStack() as stack:
            for place in [stack.enter_context(self._free_slot()) for _ in self._slots]:
                place.end_child()

    @contextmanager
    def _free_slot(self) -> Iterator["_Slot"]:
        place = self._free.get()
        try:
            yield place
        finally:
            self._free.put(place)


class _Slot:
    """Where there is always a child: after a crash, a hang or a lack of memory a fresh one."""

    def __init__(self, order: _WorkerOptions) -> None:
        self._order = order
        self.child: _WorkerProcess | None = _WorkerProcess(order)

    def render(self, source: bytes, wanted: _Wanted, deadline: float) -> Rendered:
        child = self._ready_child()
        seconds = deadline - monotonic()
        if seconds < (most := self._order.confinement.wall_seconds):
            raise OutOfTimeError(f"{seconds:.0f} s are left, and an image may take {most}")
        was_used, child.is_used = child.is_used, True
        try:
            return child.render(source, wanted)
        except ImageRejectedError as fault:
            keeps_memory = was_used and fault.reason is Reason.OUT_OF_MEMORY and child.is_alive()
            if fault.reason in _CHILD_IS_SPENT:
                self.end_child()
            if not keeps_memory:
                raise
        return self.render(source, wanted, deadline)  # in a fresh child, which keeps nothing of earlier images

    def end_child(self) -> None:
        if self.child is not None:
            self.child.end()
            self.child = None

    def _ready_child(self) -> "_WorkerProcess":
        if self.child is None or not self.child.is_alive():
            self.end_child()
            self.child = _WorkerProcess(self._order)
        try:
            self.child.await_ready()
        except SandboxError:
            self.end_child()
            raise
        return self.child


class _WorkerProcess:
    """A running worker.py."""

    def __init__(self, order: _WorkerOptions) -> None:
        confinement = json.dumps(asdict(order.confinement))
        command = [sys.executable, "-P", "-m", "resize.sandbox.worker", confinement, order.engine]
        environment = {name: os.environ[name] for name in _INHERITED_VARIABLES if name in os.environ}
        environment["PYTHONPATH"] = os.pathsep.join(sys.path)
        environment |= ALLOCATOR
        try:
            self._process = subprocess.Popen(
                command,
                bufsize=0,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                env=environment,
                cwd="/",
                process_group=0,
            )
        except OSError as error:
            raise SandboxError(f"no child process can be started: {error}") from error
        self._pipes = tuple(Pipe(cast("IO[bytes]", end)) for end in (self._process.stdin, self._process.stdout))
        self._requests, self._answers = BufferedWriter(self._pipes[0]), BufferedReader(self._pipes[1])
        self._deadline = inf
        self.is_used = False
        self._order = order
        self._confinement = order.confinement
        self._is_ready = False

    @property
    def process_id(self) -> int:
        return self._process.pid

    def is_alive(self) -> bool:
        return self._process.poll() is None

    def await_ready(self) -> None:
        if self._is_ready:
            return
        seconds = max(_START_SECONDS, self._confinement.processor_seconds)
        self._set_deadline(seconds)
        try:
            read_message(self._answers, len(READY))
        except (ProtocolError, OSError) as error:
            raise SandboxError(f"the child did not start within {seconds:.0f} s: {error}") from error
        self._is_ready = True

    def render(self, source: bytes, wanted: _Wanted) -> Rendered:
        self._set_deadline(self._confinement.wall_seconds)
        try:
            write_message(self._requests, encode_task(wanted.variants, self._order.limits, wanted.focus))
            write_message(self._requests, source)
            return read_answer(self._answers, wanted.variants, self._confinement.answer_bytes)
        except TimeoutError as error:
            raise self._timed_out() from error
        except (StreamEndedError, OSError) as error:
            raise self._verdict() from error
        except ProtocolError as error:
            raise ImageRejectedError(Reason.CRASHED, f"the sandbox sent {error}") from error

    def end(self) -> None:
        """Kill the child and what it has started, which may hold the pipes."""
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        for pipe in (self._requests, self._answers):
            with suppress(OSError):  # what was not written yet has nobody to go to
                pipe.close()

    def _set_deadline(self, seconds: float) -> None:
        self._deadline = monotonic() + seconds
        for pipe in self._pipes:
            pipe.deadline = self._deadline

    def _verdict(self) -> ImageRejectedError:
        """Say what became of a child that gave no answer."""
        try:
            status = self._process.wait(max(0.0, self._deadline - monotonic()))
        except subprocess.TimeoutExpired:  # it has closed its pipes, and lives on
            return self._timed_out()
        if status == -signal.SIGXCPU:
            detail = f"not rendered with {self._confinement.processor_seconds} s of processor time (SIGXCPU)"
            return ImageRejectedError(Reason.TIMED_OUT, detail)
        if status >= 0:
            return ImageRejectedError(Reason.CRASHED, f"the sandbox ended with status {status}")
        name = signal.Signals(-status).name
        reason = _REASON_BY_SIGNAL.get(signal.Signals(-status), Reason.CRASHED)
        return ImageRejectedError(reason, f"the sandbox was ended by {name}")

    def _timed_out(self) -> ImageRejectedError:
        return ImageRejectedError(Reason.TIMED_OUT, f"not rendered within {self._confinement.wall_seconds} s")

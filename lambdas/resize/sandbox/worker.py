"""Worker process: render images within hard resource limits."""

import json
import os
import resource
import sys
from collections.abc import Callable
from functools import partial
from typing import IO

from contract.errors import Reason
from resize.errors import ImageRejectedError
from resize.imaging.engine import Engine
from resize.imaging.limits import Limits
from resize.imaging.render import render
from resize.imaging.rendition import Rendered
from resize.imaging.variants import Format, Variant
from resize.sandbox.protocol import (
    READY,
    StreamEndedError,
    decode_task,
    read_message,
    write_message,
    write_rejected,
    write_rendered,
)

# A GIF of one pixel, to warm up with (GIF89a specification).
_DOT = b"GIF89a\1\0\1\0\x80\0\0\0\0\0\xff\xff\xff,\0\0\0\0\1\0\1\0\0\2\2D\1\0;"


def main() -> None:
    """Serve images from standard input to standard output until the parent closes it."""
    confinement, engine = json.loads(sys.argv[1]), Engine(sys.argv[2])
    requests, answers = sys.stdin.buffer, _take_standard_output()
    warm_up(engine)
    _confine(confinement["memory_bytes"])
    used_bytes = _used_bytes()
    _open_nothing_more()
    write_message(answers, READY)
    while (request := _next_request(requests)) is not None:
        task, image = request
        variants, limits, focus = decode_task(task)
        _allow_processor_seconds(confinement["processor_seconds"])
        memory_bytes = confinement["memory_bytes"] - used_bytes()
        make = partial(render, image, variants, limits, memory_bytes, engine, focus)
        _answer(answers, make, confinement["answer_bytes"])


def _next_request(requests: IO[bytes]) -> tuple[bytes, bytes] | None:
    """Wait for what is to be made, and of which image; None once the parent wants nothing more."""
    try:
        return read_message(requests), read_message(requests)
    except StreamEndedError:
        return None


def _answer(answers: IO[bytes], make: Callable[[], Rendered], most_bytes: int) -> None:
    try:
        rendered = _within(most_bytes, make())
    except ImageRejectedError as fault:
        write_rejected(answers, fault)
    except MemoryError:
        write_rejected(answers, ImageRejectedError(Reason.OUT_OF_MEMORY, "more memory than the sandbox has"))
    except Exception as error:  # noqa: BLE001 - whatever a decoder raises is this image's outcome, told by its type
        write_rejected(answers, ImageRejectedError(Reason.DECODER_FAILED, type(error).__name__))
    else:
        write_rendered(answers, rendered)


def _within(most_bytes: int, rendered: Rendered) -> Rendered:
    """Refuse renditions that the parent would not take."""
    size = sum(len(rendition.body) for rendition in rendered.renditions)
    if size > most_bytes:
        raise ImageRejectedError(
            Reason.OUT_OF_MEMORY, f"its renditions are {size} bytes, and the function holds {most_bytes}"
        )
    return rendered


def _take_standard_output() -> IO[bytes]:
    """Keep standard output for answers, and silence what libraries print: it may quote the image."""
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    silence = os.open(os.devnull, os.O_WRONLY)
    os.dup2(silence, sys.stdout.fileno())
    os.dup2(silence, sys.stderr.fileno())
    os.close(silence)
    return answers


def warm_up(engine: Engine) -> None:
    """Have everything loaded that rendering loads late: soon nothing can be opened.

    Pillow loads all of its formats as soon as one is asked for that is not among its commonest.
    """
    render(_DOT, [Variant(name=output, width=1, format=output) for output in Format], Limits(), None, engine)


def _confine(memory_bytes: int) -> None:
    """Limit what the process may ever use; none of these can be raised again from within."""
    resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, memory_bytes))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))


def _open_nothing_more() -> None:
    """Refuse every new file and socket, while those that are open go on working (getrlimit(2), RLIMIT_NOFILE).

    So a subverted decoder reaches no network, and reads no file: not even the parent's environment under /proc, where
    the function's credentials are and which the user that both run as may read.
    """
    resource.setrlimit(resource.RLIMIT_NOFILE, (0, 0))


def _used_bytes() -> Callable[[], int]:
    """Make what asks the kernel for the address space that this process takes (proc(5), statm); 0 without /proc.

    It grows: the allocator keeps what an image has freed for the next one. The file is opened while it can be.
    """
    try:
        statm = os.open("/proc/self/statm", os.O_RDONLY)
    except FileNotFoundError:
        return lambda: 0
    return lambda: int(os.pread(statm, 32, 0).split()[0]) * resource.getpagesize()


def _allow_processor_seconds(seconds: int) -> None:
    """Let the kernel end the process (SIGXCPU) when this image has used its share of processor time."""
    usage = resource.getrusage(resource.RUSAGE_SELF)
    used = int(usage.ru_utime + usage.ru_stime)
    resource.setrlimit(resource.RLIMIT_CPU, (used + seconds + 1, resource.RLIM_INFINITY))


if __name__ == "__main__":
    main()

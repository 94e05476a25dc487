"""A pipe's reads and writes are over at the deadline, whatever the other end does or leaves."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from io import BufferedReader, BufferedWriter
from time import monotonic
from typing import IO

import pytest

from resize.sandbox.pipe import Pipe

SOON = 0.05


@dataclass(frozen=True)
class Ends:
    """Both ends of a pipe."""

    reading: IO[bytes]
    writing: IO[bytes]


@pytest.fixture
def ends() -> Iterator[Ends]:
    reading, writing = os.pipe()
    with os.fdopen(reading, "rb", buffering=0) as source, os.fdopen(writing, "wb", buffering=0) as sink:
        yield Ends(source, sink)


def pipe_with_deadline(end: IO[bytes]) -> Pipe:
    pipe = Pipe(end)
    pipe.deadline = monotonic() + SOON
    return pipe


def test_what_nobody_writes_is_waited_for_until_the_deadline(ends: Ends) -> None:
    with pytest.raises(TimeoutError):
        BufferedReader(pipe_with_deadline(ends.reading)).read(1)


def test_a_part_that_came_in_time_is_not_the_whole(ends: Ends) -> None:
    ends.writing.write(b"half")

    with pytest.raises(TimeoutError):
        BufferedReader(pipe_with_deadline(ends.reading)).read(8)


def test_what_nobody_reads_is_given_up_at_the_deadline(ends: Ends) -> None:
    writer = pipe_with_deadline(ends.writing)
    writer.write(bytes(2**20))

    with pytest.raises(TimeoutError):
        writer.write(b"more")


def test_the_end_is_read_at_once(ends: Ends) -> None:
    ends.writing.write(b"last words")
    ends.writing.close()

    assert BufferedReader(Pipe(ends.reading)).read(100) == b"last words"


def test_a_reader_that_has_gone_is_told_at_once(ends: Ends) -> None:
    ends.reading.close()

    with pytest.raises(BrokenPipeError):
        Pipe(ends.writing).write(b"anyone?")


def test_more_than_the_pipe_holds_arrives_whole(ends: Ends) -> None:
    body = os.urandom(2**16 - 1)
    writer = BufferedWriter(Pipe(ends.writing))
    writer.write(body)
    writer.flush()
    writer.close()

    assert BufferedReader(Pipe(ends.reading)).read() == body


def test_closing_it_closes_the_end(ends: Ends) -> None:
    Pipe(ends.reading).close()

    assert ends.reading.closed

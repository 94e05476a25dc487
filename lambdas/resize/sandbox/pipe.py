"""Pipe to a child process, with a deadline."""

import os
from io import RawIOBase
from math import ceil, inf
from select import POLLIN, POLLOUT, poll
from time import monotonic
from typing import IO, TYPE_CHECKING

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer, WriteableBuffer


class Pipe(RawIOBase):
    """A pipe whose reads and writes raise TimeoutError from `deadline` on.

    It is in seconds of the monotonic clock.
    """

    def __init__(self, end: IO[bytes]) -> None:
        super().__init__()
        self._end = end
        self._descriptor = end.fileno()
        os.set_blocking(self._descriptor, False)
        self.deadline = inf

    def readable(self) -> bool:
        """Tell that it can be read, for a buffered reader around it."""
        return self._end.readable()

    def writable(self) -> bool:
        """Tell that it can be written, for a buffered writer around it."""
        return self._end.writable()

    def readinto(self, buffer: "WriteableBuffer") -> int:
        """Read what is there; 0 bytes are the end."""
        while True:
            self._await(POLLIN)
            try:
                return os.readv(self._descriptor, [buffer])
            except BlockingIOError:
                continue

    def write(self, data: "ReadableBuffer") -> int:
        """Write as much as there is room for."""
        while True:
            self._await(POLLOUT)
            try:
                return os.write(self._descriptor, data)
            except BlockingIOError:
                continue

    def close(self) -> None:
        """Close the end itself."""
        if not self.closed:
            self._end.close()
        super().close()

    def _await(self, event: int) -> None:
        ready = poll()
        ready.register(self._descriptor, event)
        seconds = self.deadline - monotonic()
        if not ready.poll(None if seconds == inf else max(0, ceil(seconds * 1000))):
            raise TimeoutError("the other end did nothing in time")

"""Consumers that a test moves on one S3 request at a time, and can end at any of them."""

import threading
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future
from typing import Any

from resize.executor import Made, Thing


class CrashError(BaseException):
    """The consumer's process is gone: nothing that it would have done is done."""


class Stepped:
    """Work in a thread of its own, which stops before each request to S3 until it is told to go on."""

    def __init__(
        self, work: Callable[["SteppedClient"], object], client: Any, look: Callable[[], object] = lambda: None
    ) -> None:
        """`look` is called after each request, while the consumer rests."""
        self._may_go = threading.Semaphore(0)
        self._has_stopped = threading.Semaphore(0)
        self._is_crashing = False
        self._look = look
        self.is_running = True
        self.failure: BaseException | None = None
        self._thread = threading.Thread(target=self._run, args=(work, SteppedClient(client, self)), daemon=True)
        self._thread.start()
        self._has_stopped.acquire()

    def step(self) -> None:
        """Let one request happen, and all that the consumer does until the next."""
        if self.is_running:
            self._may_go.release()
            self._has_stopped.acquire()
            self._look()

    def steps(self, requests: int) -> None:
        """Let so many requests happen, or all that are left."""
        for _ in range(requests):
            self.step()

    def crash(self) -> None:
        """End the consumer before its next request."""
        self._is_crashing = True
        self.step()

    def finish(self) -> None:
        """Let all that is left happen."""
        while self.is_running:
            self.step()

    def gate(self) -> None:
        """Wait, in the consumer's thread, until the test lets it go on."""
        self._has_stopped.release()
        self._may_go.acquire()
        if self._is_crashing:
            raise CrashError

    def _run(self, work: Callable[["SteppedClient"], object], client: "SteppedClient") -> None:
        try:
            work(client)
        except BaseException as failure:  # noqa: BLE001 - the test's own thread looks at it
            self.failure = failure
        self.is_running = False
        self._has_stopped.release()


def each_to_its_end(call: Callable[[Thing], Made], things: Iterable[Thing]) -> Sequence[Made]:
    """Call as side by side, where one's failure keeps no other from its end, yet in turn: the last thing first."""
    calls: list[Future[Made]] = []
    for thing in reversed(list(things)):
        calls.insert(0, Future())
        try:
            calls[0].set_result(call(thing))
        except Exception as failure:  # noqa: BLE001 - raised again below
            calls[0].set_exception(failure)
    return [each.result() for each in calls]


class SteppedClient:
    """A client whose every request waits at the gate."""

    def __init__(self, client: Any, stepped: Stepped) -> None:
        self._client = client
        self._stepped = stepped
        self.exceptions = client.exceptions

    def beside(self, client: Any) -> "SteppedClient":
        """Another client of the same consumer."""
        return SteppedClient(client, self._stepped)

    def __getattr__(self, operation: str) -> Callable[..., Any]:
        def request(**arguments: Any) -> Any:
            self._stepped.gate()
            return getattr(self._client, operation)(**arguments)

        return request

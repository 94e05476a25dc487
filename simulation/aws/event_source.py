"""The event source mapping.

Pollers gather batches from the jobs queue, each invokes the function and waits for it.
"""

from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass

from simpy import Environment, Event

from simulation.aws.invocation import Ended, Task, run
from simulation.aws.jobs_queue import Delivery, JobsQueue, Steps
from simulation.aws.limits import LONG_POLL_SECONDS, MESSAGES_A_RECEIVE
from simulation.aws.scaling import Scaling
from simulation.aws.storage import Storage
from simulation.parameters import Parameters
from stacks.config.config import Config


@dataclass(slots=True, kw_only=True)
class Usage:
    """What is paid for, counted: jobs that were done, and what it took.

    Seconds as Lambda bills them.
    """

    jobs: float = 0
    invocations: float = 0
    cold_starts: float = 0
    billed_seconds: float = 0.0
    receives: float = 0
    deletes: float = 0


class EventSource:
    """Pollers, one invocation each.

    docs.aws.amazon.com/lambda/latest/dg/services-sqs-scaling.html. A batch is invoked once it is full or its window is
    over: invocation-eventsourcemapping.html, beside that page. AWS does not say which pollers go when traffic is low;
    here those go whose long poll came back empty.
    """

    def __init__(  # noqa: PLR0913  # what it brings together
        self,
        environment: Environment,
        queue: JobsQueue,
        storage: Storage,
        *,
        config: Config,
        parameters: Parameters,
        scaling: Scaling,
        random: Callable[[], float],
    ) -> None:
        self._environment = environment
        self._queue = queue
        self._storage = storage
        self._config = config
        self._parameters = parameters
        self._scaling = scaling
        self._random = random
        self._warm: list[float] = []
        self.pollers = self.busy = self.most_busy = 0
        self.duplicates = self.failures = 0
        self.usage = Usage()
        self.waits: list[float] = []
        self._add(scaling.first)
        environment.process(self._scale())

    def _add(self, pollers: int) -> None:
        for _ in range(pollers):
            self.pollers += 1
            self._environment.process(self._poll())

    def _scale(self) -> Steps:
        """Add pollers while messages are left and every poller is busy, each second its share of a minute's."""
        credit = 0.0
        while True:
            yield self._environment.timeout(1)
            credit = min(credit + self._scaling.a_minute / 60, max(self._scaling.a_minute / 60, 1.0))
            if self._queue.visible and self.busy == self.pollers:
                added = min(int(credit), self._scaling.most - self.pollers)
                credit -= added
                self._add(added)

    def _poll(self) -> Steps:
        while True:
            batch = yield from self._gather()
            if batch:
                self.busy += 1
                self.most_busy = max(self.most_busy, self.busy)
                yield from self._invoke(batch)
                self.busy -= 1
            elif self.pollers > self._scaling.first:
                self.pollers -= 1
                return

    def _gather(self) -> Generator[Event, object, list[Delivery]]:
        size = self._config.batch_size
        batch = yield from self._queue.receive(min(size, MESSAGES_A_RECEIVE), LONG_POLL_SECONDS)
        until = self._environment.now + self._config.batch_window_seconds
        while batch and len(batch) < size and (left := until - self._environment.now) > 0:
            batch += yield from self._queue.receive(size - len(batch), left)
        return batch

    def _invoke(self, batch: Sequence[Delivery]) -> Steps:
        yield self._environment.timeout(self._start())
        tasks = [
            Task(photograph=each.message.photograph, is_done_already=each.message.done is not None) for each in batch
        ]
        self.duplicates += sum(task.is_done_already for task in tasks)
        started = self._environment.now
        ends = run(tasks, self._config, self._storage, started)
        timeout = self._config.function_timeout_seconds
        seconds = min(max(ended.at for ended in ends), timeout)
        yield self._environment.timeout(seconds)
        self.usage.invocations += 1
        self.usage.billed_seconds += seconds
        self._note(batch, ends, started)
        self._warm.append(self._environment.now)
        self._delete([each for each, ended in zip(batch, ends, strict=True) if ended.is_done and ended.at <= timeout])
        if seconds < timeout:
            self._show_again(batch, ends)

    def _start(self) -> float:
        """Find an environment, the one that was used last, or start one; returns the seconds that it takes."""
        if self._warm and self._environment.now - self._warm.pop() <= self._parameters.idle_seconds:
            return 0.0
        self._warm.clear()
        self.usage.cold_starts += 1
        self.usage.billed_seconds += self._parameters.start_seconds
        return self._parameters.environment_seconds + self._parameters.start_seconds

    def _note(self, batch: Sequence[Delivery], ends: Sequence[Ended], started: float) -> None:
        for each, ended in zip(batch, ends, strict=True):
            if not ended.is_done or ended.at > self._config.function_timeout_seconds:
                self.failures += 1
            elif each.message.done is None:
                each.message.done = started + ended.at
                self.usage.jobs += 1
                self.waits.append(each.message.done - each.message.sent)

    def _show_again(self, batch: Sequence[Delivery], ends: Sequence[Ended]) -> None:
        """Have what was not done tried again at the pace that the function sets."""
        for each, ended in zip(batch, ends, strict=True):
            if not ended.is_done:
                delay = self._config.backoff.delay(
                    each.receive, is_handed_back=ended.is_handed_back, random=self._random
                )
                if delay is not None:
                    self._queue.show_after(each, delay)

    def _delete(self, batch: Sequence[Delivery]) -> None:
        for each in batch:
            self._queue.delete(each)
        self.usage.deletes += -(-len(batch) // MESSAGES_A_RECEIVE)

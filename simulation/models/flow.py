"""The flow simulation.

Jobs as a stream, second by second, for volumes whose single messages are too many. It has the event simulation's ramp,
batches and service times, as means. tests/unit/simulation/test_flow.py holds the two against each other where both can
run.
"""

from dataclasses import dataclass
from functools import lru_cache
from math import exp, sqrt

import numpy as np
from numpy.typing import NDArray

from simulation.aws.event_source import Usage
from simulation.aws.invocation import Task, latencies, requests_a_job, run
from simulation.aws.limits import LONG_POLL_SECONDS, MESSAGES_A_RECEIVE, PUTS_A_SECOND
from simulation.aws.scaling import Scaling, scaling_of
from simulation.aws.storage import Method, Storage
from simulation.models.workload import Workload
from simulation.parameters import Parameters
from stacks.config.config import Config

_DRAWS = 300
_ROUNDS = 40
# How far arrivals stray from their mean, in standard deviations, before it no longer shows.
_DEVIATIONS = 2.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Flow:
    """A workload, second by second.

    Jobs that wait, concurrent invocations, and the age of the oldest waiting job.
    """

    waiting: NDArray[np.float64]
    busy: NDArray[np.float64]
    oldest_age: NDArray[np.float64]
    usage: Usage

    @property
    def drained_at(self) -> int | None:
        """Tell the first second from which on nothing waits.

        None if something does at the end.
        """
        late = np.flatnonzero(self.oldest_age > 1)
        if late.size == 0:
            return 0
        last = int(late[-1])
        return last + 1 if last + 1 < self.oldest_age.size else None


def batch_seconds(config: Config, parameters: Parameters, size: int) -> float:
    """Give the mean time of a batch of so many jobs, in seconds."""
    relevant = Config(
        variants=config.variants,
        function_timeout_seconds=config.function_timeout_seconds,
        render_seconds=config.render_seconds,
        memory_mb=config.memory_mb,
        jobs_at_once=config.jobs_at_once,
    )
    return _mean_batch_seconds(relevant, parameters, size)


@lru_cache(maxsize=1024)
def _mean_batch_seconds(config: Config, parameters: Parameters, size: int) -> float:
    generator = np.random.default_rng(size)
    shares = [photograph.share for photograph in parameters.photographs]
    kinds = generator.choice(len(shares), size=(_DRAWS, size), p=shares).tolist()
    storage = Storage(generator, latencies=latencies(parameters))
    batches = [[Task(photograph=parameters.photographs[kind]) for kind in drawn] for drawn in kinds]
    # Far apart: no batch meets another at S3.
    ends = [run(tasks, config, storage, 1000.0 * i) for i, tasks in enumerate(batches)]
    return float(np.mean([max(ended.at for ended in batch) for batch in ends]))


def jobs_a_second(config: Config, parameters: Parameters) -> float:
    """Give what one environment does with full batches."""
    return config.batch_size / batch_seconds(config, parameters, config.batch_size)


def most_jobs_a_second(config: Config, *, is_split: bool) -> float:
    """Give the jobs a second at which S3 starts to refuse derived writes."""
    return PUTS_A_SECOND / (1 if is_split else requests_a_job(config)[Method.PUT])


def flow(  # noqa: PLR0913  # what an experiment can vary
    workload: Workload,
    config: Config,
    parameters: Parameters,
    *,
    seconds: int,
    is_split: bool = True,
    scaling: Scaling | None = None,
) -> Flow:
    """Run a workload through the pipeline, as a stream."""
    state = _State(config, parameters, scaling or scaling_of(config), most_jobs_a_second(config, is_split=is_split))
    rates = workload.rates(seconds)
    rates[0] += workload.at_once
    waiting, busy = np.empty(seconds), np.empty(seconds)
    for second, rate in enumerate(rates.tolist()):
        state.step(rate)
        waiting[second], busy[second] = state.waiting, state.busy
    arrived = np.cumsum(rates)
    received = arrived - waiting
    # The oldest waiting job is the first that has not been received: when did that one come?
    came = np.interp(received, arrived, np.arange(1.0, seconds + 1))
    age = np.where(waiting > 1, np.arange(1.0, seconds + 1) - came, 0.0)
    return Flow(waiting=waiting, busy=busy, oldest_age=age, usage=state.usage)


class _State:
    """The pipeline at one second."""

    def __init__(self, config: Config, parameters: Parameters, scaling: Scaling, most_jobs: float) -> None:
        self._sizes = tuple(range(1, config.batch_size + 1))
        self._times = [batch_seconds(config, parameters, size) for size in self._sizes]
        self._window = config.batch_window_seconds
        self._start_seconds = parameters.start_seconds
        self._scaling = scaling
        self._most_jobs = most_jobs
        self._pollers = float(scaling.first)
        self._warm = 0.0
        self._light: dict[tuple[float, float], float] = {}
        self.waiting = self.busy = 0.0
        self.usage = Usage()

    def step(self, rate: float) -> None:
        """Let a second pass in which so many uploads come."""
        size, is_full = self._batch(rate, round(self._pollers, 1))
        batch_time = float(np.interp(size, self._sizes, self._times))
        capacity = min(self._pollers * size / batch_time, self._most_jobs)
        done = min(self.waiting + rate, capacity)
        self.waiting += rate - done
        batches = done / size
        self.busy = batches * batch_time
        self._count(done, batches, batch_time, 1.0 if is_full else min(size + 1, self._sizes[-1] + 1))
        self._scale(rate)

    def _batch(self, rate: float, pollers: float) -> tuple[float, bool]:
        """Give the size of a batch: full if jobs wait, else what comes to one of the free pollers within its window."""
        most = float(self._sizes[-1])
        if self.waiting > most:
            return most, True
        if (rate, pollers) not in self._light:
            size = 1.0
            for _ in range(_ROUNDS):
                busy = rate / size * float(np.interp(size, self._sizes, self._times))
                free = max(pollers - busy, 1.0)
                size += (min(1 + rate * self._window / free, most) - size) / 2
            self._light[rate, pollers] = size
        return self._light[rate, pollers], False

    def _count(self, done: float, batches: float, batch_time: float, receives: float) -> None:
        free = max(self._pollers - self.busy, 0.0)
        empty = free * exp(-done * LONG_POLL_SECONDS / free) / LONG_POLL_SECONDS if free else 0.0
        started = max(self.busy - self._warm, 0.0)
        self._warm += started
        usage = self.usage
        usage.jobs += done
        usage.invocations += batches
        usage.cold_starts += started
        usage.billed_seconds += batches * batch_time + started * self._start_seconds
        usage.receives += batches * max(receives, self._sizes[-1] / MESSAGES_A_RECEIVE) + empty
        usage.deletes += batches

    def _scale(self, rate: float) -> None:
        # Arrivals fluctuate: now and then all pollers are busy, although on average they are not.
        wanted = self.busy + _DEVIATIONS * sqrt(self.busy)
        if self.waiting > 1 or self._pollers < wanted:
            self._pollers = min(self._pollers + self._scaling.a_minute / 60, self._scaling.most)
            return
        free = max(self._pollers - self.busy, 0.0)
        if free:
            leaving = free * exp(-rate * LONG_POLL_SECONDS / free) / LONG_POLL_SECONDS
            self._pollers = max(self._pollers - leaving, wanted, self._scaling.first)

"""The event simulation.

Every message, every poller and every invocation of some minutes or hours.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from simpy import Environment

from simulation.aws.event_source import EventSource, Usage
from simulation.aws.invocation import latencies
from simulation.aws.jobs_queue import JobsQueue, Place, Steps
from simulation.aws.limits import IN_FLIGHT_MESSAGES
from simulation.aws.scaling import Scaling, scaling_of
from simulation.aws.storage import Storage, never
from simulation.models.workload import DAY_SECONDS, Workload
from simulation.parameters import Parameters
from stacks.config.config import Config

SEED = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """The state at one time.

    Seconds, messages, concurrent invocations, and the oldest waiting message's age.
    """

    at: float
    visible: int
    in_flight: int
    busy: int
    pollers: int
    oldest_age: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Simulated:
    """What became of a workload.

    Each upload is counted once: deleted, dead, expired, visible or in flight. `waits` are the seconds from upload to
    manifest of each job that was done.
    """

    sent: int
    deleted: int
    dead: int
    expired: int
    visible: int
    in_flight: int
    duplicates: int
    failures: int
    refusals: int
    most_busy: int
    usage: Usage
    waits: tuple[float, ...]
    samples: tuple[Sample, ...]

    @property
    def oldest_age(self) -> float:
        """Give the greatest age, in seconds, that a waiting message had when we looked."""
        return max((sample.oldest_age for sample in self.samples), default=0.0)


def simulate(  # noqa: PLR0913  # what an experiment can vary
    workload: Workload,
    config: Config,
    parameters: Parameters,
    *,
    seconds: int,
    drain_seconds: int = 0,
    seed: int = SEED,
    refused: Callable[[float], float] = never,
    is_split: bool = True,
    scaling: Scaling | None = None,
    sample_seconds: float = 1.0,
    in_flight_limit: int = IN_FLIGHT_MESSAGES,
) -> Simulated:
    """Let uploads come for `seconds`, and look on for `drain_seconds` more."""
    environment = Environment()
    generator = np.random.default_rng(seed)
    queue = JobsQueue(
        environment,
        generator,
        visibility_seconds=config.visibility_seconds,
        max_receives=config.max_receive_count,
        retention_seconds=config.queue_retention_days * DAY_SECONDS,
        in_flight_limit=in_flight_limit,
    )
    storage = Storage(generator, latencies=latencies(parameters), refused=refused, is_split=is_split)
    source = EventSource(
        environment,
        queue,
        storage,
        config=config,
        parameters=parameters,
        scaling=scaling or scaling_of(config),
        random=generator.random,
    )
    samples: list[Sample] = []
    environment.process(_upload(environment, queue, parameters, generator, workload, seconds))
    environment.process(_sample(environment, queue, source, samples, sample_seconds))
    environment.run(until=seconds + drain_seconds)
    source.usage.receives = queue.requests
    return Simulated(
        sent=queue.sent,
        deleted=queue.counts[Place.DELETED],
        dead=queue.counts[Place.DEAD],
        expired=queue.counts[Place.EXPIRED],
        visible=queue.visible,
        in_flight=queue.in_flight,
        duplicates=source.duplicates,
        failures=source.failures,
        refusals=storage.refusals,
        most_busy=source.most_busy,
        usage=source.usage,
        waits=tuple(source.waits),
        samples=tuple(samples),
    )


def _upload(  # noqa: PLR0913, PLR0917  # a process of SimPy takes what it works with
    environment: Environment,
    queue: JobsQueue,
    parameters: Parameters,
    generator: np.random.Generator,
    workload: Workload,
    seconds: int,
) -> Steps:
    shares = [photograph.share for photograph in parameters.photographs]
    times = list(workload.arrivals(seconds, generator))
    kinds = generator.choice(len(shares), size=len(times), p=shares).tolist()
    for at, kind in zip(times, kinds, strict=True):
        if at > environment.now:
            yield environment.timeout(at - environment.now)
        queue.send(parameters.photographs[kind])


def _sample(
    environment: Environment, queue: JobsQueue, source: EventSource, samples: list[Sample], sample_seconds: float
) -> Steps:
    while True:
        samples.append(
            Sample(
                at=environment.now,
                visible=queue.visible,
                in_flight=queue.in_flight,
                busy=source.busy,
                pollers=source.pollers,
                oldest_age=queue.oldest_age(),
            )
        )
        yield environment.timeout(sample_seconds)

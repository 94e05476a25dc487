"""Questions to the coordinators of reader groups, which may not be ready yet."""

import time
from collections.abc import Callable
from typing import TypeVar

_T = TypeVar("_T")

_PAUSE_SECONDS = 0.25


def ask_coordinator(
    ask: Callable[[], _T],
    *,
    seconds: float = 30,
    sleep: Callable[[float], None] = time.sleep,
    clock: Callable[[], float] = time.monotonic,
) -> _T:
    """Ask again while a coordinator loads its groups, or has moved.

    A broker that has just started answers so for some seconds; the client's own retries leave these answers to its
    caller (kafka.apache.org/protocol, error codes 14 to 16, each of them "retriable").

    `ask` puts the question anew at each call. After so many `seconds` such an answer is the last one.

    Raises:
        KafkaException: any other answer, or that one for so many seconds.
    """
    from confluent_kafka import KafkaError, KafkaException  # noqa: PLC0415 - most commands need no Kafka

    not_ready = {
        KafkaError.COORDINATOR_LOAD_IN_PROGRESS,
        KafkaError.COORDINATOR_NOT_AVAILABLE,
        KafkaError.NOT_COORDINATOR,
    }
    deadline = clock() + seconds
    while True:
        try:
            return ask()
        except KafkaException as error:
            if error.args[0].code() not in not_ready or clock() >= deadline:
                raise
        sleep(_PAUSE_SECONDS)

"""Questions to coordinators that are not ready."""

import pytest
from confluent_kafka import KafkaError, KafkaException

from darkroom.event_log.coordinator import ask_coordinator

NOT_READY = (
    KafkaError.COORDINATOR_LOAD_IN_PROGRESS,
    KafkaError.COORDINATOR_NOT_AVAILABLE,
    KafkaError.NOT_COORDINATOR,
)


class Coordinator:
    """Answers with these errors in turn, then with 7; its clock goes on while one waits."""

    def __init__(self, *errors: int) -> None:
        self.errors = list(errors)
        self.now = 0.0

    def ask(self) -> int:
        if self.errors:
            raise KafkaException(KafkaError(self.errors.pop(0)))
        return 7

    def sleep(self, seconds: float) -> None:
        self.now += seconds

    def asked(self, *, seconds: float) -> int:
        return ask_coordinator(self.ask, seconds=seconds, sleep=self.sleep, clock=lambda: self.now)


def test_a_coordinator_that_is_not_ready_is_asked_again_until_it_is() -> None:
    coordinator = Coordinator(*NOT_READY)

    assert coordinator.asked(seconds=30) == 7
    assert coordinator.now > 0


def test_one_that_never_is_ready_ends_with_its_own_answer() -> None:
    coordinator = Coordinator(*[KafkaError.COORDINATOR_LOAD_IN_PROGRESS] * 1_000)

    with pytest.raises(KafkaException, match="load in progress"):
        coordinator.asked(seconds=30)

    assert 30 <= coordinator.now < 31


def test_any_other_answer_is_the_last() -> None:
    coordinator = Coordinator(KafkaError.GROUP_AUTHORIZATION_FAILED)

    with pytest.raises(KafkaException, match="authorization"):
        coordinator.asked(seconds=30)

    assert coordinator.now == 0

"""The simulated queue is a standard queue of SQS, message by message."""

from collections.abc import Generator

import numpy as np
import pytest
from simpy import Environment, Event

from simulation.aws.jobs_queue import Delivery, JobsQueue, Place
from support.command.parameters import PHOTOGRAPH

VISIBILITY = 30.0


@pytest.fixture
def environment() -> Environment:
    return Environment()


def queue_in(
    environment: Environment, *, max_receives: int = 5, retention: float = 1e6, in_flight_limit: int = 120_000
) -> JobsQueue:
    return JobsQueue(
        environment,
        np.random.default_rng(1),
        visibility_seconds=VISIBILITY,
        max_receives=max_receives,
        retention_seconds=retention,
        in_flight_limit=in_flight_limit,
    )


def receive(environment: Environment, queue: JobsQueue, most: int = 10, seconds: float = 0) -> list[Delivery]:
    def call() -> Generator[Event, object, list[Delivery]]:
        return (yield from queue.receive(most, seconds))

    deliveries = environment.run(environment.process(call()))
    assert isinstance(deliveries, list)
    return deliveries


def test_a_received_message_is_hidden_for_the_visibility_timeout_and_then_comes_again(environment: Environment) -> None:
    queue = queue_in(environment)
    queue.send(PHOTOGRAPH)

    first = receive(environment, queue)
    environment.run(until=VISIBILITY - 1)
    meanwhile = receive(environment, queue)
    environment.run(until=VISIBILITY + 1)
    second = receive(environment, queue)

    assert (len(first), len(meanwhile), len(second)) == (1, 0, 1)
    assert [each.receive for each in (*first, *second)] == [1, 2]


@pytest.mark.parametrize("seconds", [5, 100])
def test_a_consumer_says_from_now_how_long_a_message_stays_hidden(environment: Environment, seconds: int) -> None:
    queue = queue_in(environment)
    queue.send(PHOTOGRAPH)
    environment.run(until=1)
    [delivery] = receive(environment, queue)
    environment.run(until=11)

    queue.show_after(delivery, seconds)

    environment.run(until=11 + seconds - 0.5)
    assert queue.in_flight == 1
    environment.run(until=11 + seconds + 0.5)
    assert (queue.visible, queue.in_flight) == (1, 0)


def test_the_time_that_a_consumer_sets_is_for_one_receive(environment: Environment) -> None:
    queue = queue_in(environment)
    queue.send(PHOTOGRAPH)
    queue.show_after(receive(environment, queue)[0], 5)
    environment.run(until=6)
    receive(environment, queue)

    environment.run(until=6 + VISIBILITY - 1)
    assert queue.in_flight == 1
    environment.run(until=6 + VISIBILITY + 1)
    assert queue.in_flight == 0


def test_a_consumer_that_has_lost_its_message_changes_nothing(environment: Environment) -> None:
    queue = queue_in(environment)
    queue.send(PHOTOGRAPH)
    [old] = receive(environment, queue)
    environment.run(until=VISIBILITY + 1)
    receive(environment, queue)

    queue.show_after(old, 1)

    environment.run(until=VISIBILITY + 5)
    assert queue.in_flight == 1


def test_messages_come_back_in_the_order_of_their_times(environment: Environment) -> None:
    queue = queue_in(environment)
    for _ in range(3):
        queue.send(PHOTOGRAPH)
    for delivery, seconds in zip(receive(environment, queue), (20, 10, 15), strict=True):
        queue.show_after(delivery, seconds)

    counts = []
    for at in (11, 16, 21):
        environment.run(until=at)
        counts.append(queue.visible)

    assert counts == [1, 2, 3]


def test_a_message_that_comes_back_comes_after_those_that_were_sent_later(environment: Environment) -> None:
    queue = queue_in(environment)
    queue.send(PHOTOGRAPH)
    early = receive(environment, queue)[0].message
    queue.send(PHOTOGRAPH)
    environment.run(until=VISIBILITY + 1)

    order = [each.message for each in receive(environment, queue)]

    assert len(order) == 2
    assert order[1] is early


def test_a_deleted_message_never_comes_again(environment: Environment) -> None:
    queue = queue_in(environment)
    queue.send(PHOTOGRAPH)

    queue.delete(receive(environment, queue)[0])
    environment.run(until=10 * VISIBILITY)

    assert receive(environment, queue) == []
    assert queue.counts[Place.DELETED] == 1


def test_an_old_receipt_handle_deletes_nothing(environment: Environment) -> None:
    queue = queue_in(environment)
    queue.send(PHOTOGRAPH)
    old = receive(environment, queue)[0]
    environment.run(until=VISIBILITY + 1)
    receive(environment, queue)

    queue.delete(old)

    assert queue.counts[Place.DELETED] == 0
    assert queue.in_flight == 1


def test_a_consumer_that_is_late_still_deletes_a_message_that_nobody_else_received(environment: Environment) -> None:
    queue = queue_in(environment)
    queue.send(PHOTOGRAPH)
    delivery = receive(environment, queue)[0]
    environment.run(until=VISIBILITY + 1)

    queue.delete(delivery)

    assert (queue.visible, queue.counts[Place.DELETED]) == (0, 1)


@pytest.mark.parametrize("most", [1, 2, 5])
def test_a_message_is_received_max_receive_count_times_and_then_dead(environment: Environment, most: int) -> None:
    queue = queue_in(environment, max_receives=most)
    queue.send(PHOTOGRAPH)
    received = 0

    for turn in range(1, 9):
        received += len(receive(environment, queue))
        environment.run(until=turn * (VISIBILITY + 1))

    assert (received, queue.counts[Place.DEAD]) == (most, 1)


def test_a_consumer_that_is_done_after_its_message_died_changes_nothing(environment: Environment) -> None:
    queue = queue_in(environment, max_receives=1)
    queue.send(PHOTOGRAPH)
    delivery = receive(environment, queue)[0]
    environment.run(until=VISIBILITY + 1)
    receive(environment, queue)

    queue.delete(delivery)

    assert (queue.counts[Place.DEAD], queue.counts[Place.DELETED]) == (1, 0)


def test_a_message_older_than_the_retention_is_gone(environment: Environment) -> None:
    queue = queue_in(environment, retention=60)
    queue.send(PHOTOGRAPH)
    environment.run(until=61)

    assert receive(environment, queue) == []
    assert queue.counts[Place.EXPIRED] == 1


def test_a_queue_with_as_many_in_flight_as_sqs_allows_gives_no_more(environment: Environment) -> None:
    queue = queue_in(environment, in_flight_limit=3)
    for _ in range(5):
        queue.send(PHOTOGRAPH)

    taken = receive(environment, queue)

    assert len(taken) == 3
    assert receive(environment, queue) == []
    queue.delete(taken[0])
    assert len(receive(environment, queue)) == 1


def test_a_long_poll_ends_with_the_first_message_or_with_its_time(environment: Environment) -> None:
    queue = queue_in(environment)

    def send_later() -> Generator[Event, object, None]:
        yield environment.timeout(7)
        queue.send(PHOTOGRAPH)

    environment.process(send_later())
    first = receive(environment, queue, seconds=20)
    at = environment.now
    second = receive(environment, queue, seconds=20)

    assert (len(first), at) == (1, 7)
    assert (second, environment.now) == ([], 27)
    assert (queue.requests, queue.empty_requests) == (2, 1)


def test_a_receive_brings_at_most_ten(environment: Environment) -> None:
    queue = queue_in(environment)
    for _ in range(25):
        queue.send(PHOTOGRAPH)

    assert len(receive(environment, queue, most=100)) == 10

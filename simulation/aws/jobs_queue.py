"""The jobs queue: an SQS standard queue with a DLQ, message by message."""

import heapq
from collections import deque
from collections.abc import Generator
from dataclasses import dataclass
from enum import Enum, auto
from itertools import count
from typing import TypeAlias

import numpy as np
from simpy import Environment, Event

from simulation.aws.limits import IN_FLIGHT_MESSAGES, LONG_POLL_SECONDS, MESSAGES_A_RECEIVE
from simulation.parameters import Photograph

Steps: TypeAlias = Generator[Event, object, None]


class Place(Enum):
    """Where a message is.

    In line, in the hands of a consumer, or out of the queue in one of three ways.
    """

    VISIBLE = auto()
    HIDDEN = auto()
    DELETED = auto()
    DEAD = auto()
    EXPIRED = auto()


@dataclass(slots=True, kw_only=True, eq=False)
class Message:
    """A job in the queue.

    When it was sent, how often it was received, where it is, and when its work was done. While it is hidden,
    `hidden_until` says how long.
    """

    sent: float
    photograph: Photograph
    receives: int = 0
    place: Place = Place.VISIBLE
    hidden_until: float = 0.0
    done: float | None = None


@dataclass(frozen=True, slots=True)
class Delivery:
    """A message in the hands of one consumer.

    Its receipt handle is of the receive of this number.
    """

    message: Message
    receive: int


class JobsQueue:
    """A standard queue.

    It delivers at least once, and in no order that one could rely on. A received message is hidden for the visibility
    timeout, or as long as its consumer sets, and is back after that unless it was deleted. Received `max_receives`
    times, its next receive moves it to the dead-letter queue instead; older than the retention, it is gone. Sources:
    sqs-visibility-timeout.html, sqs-dead-letter-queues.html and quotas-queues.html, all under
    docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/
    """

    def __init__(  # noqa: PLR0913  # what a queue is configured with
        self,
        environment: Environment,
        generator: np.random.Generator,
        *,
        visibility_seconds: float,
        max_receives: int,
        retention_seconds: float,
        in_flight_limit: int = IN_FLIGHT_MESSAGES,
    ) -> None:
        self._environment = environment
        self._generator = generator
        self._visibility_seconds = visibility_seconds
        self._max_receives = max_receives
        self._retention_seconds = retention_seconds
        self._in_flight_limit = in_flight_limit
        self._visible: deque[Message] = deque()
        self._hidden: list[tuple[float, int, Delivery]] = []
        self._entries = count()
        self._waiting: list[Event] = []
        self._first_has_changed = environment.event()
        self.sent = self.requests = self.empty_requests = 0
        self.counts = dict.fromkeys(Place, 0)
        environment.process(self._bring_back())

    @property
    def visible(self) -> int:
        """Count the messages that could be received now."""
        return self.counts[Place.VISIBLE]

    @property
    def in_flight(self) -> int:
        """Count the messages that were received, and are hidden."""
        return self.counts[Place.HIDDEN]

    def oldest_age(self) -> float:
        """Tell how long the first message in line has been in the queue, in seconds.

        0 if none waits.
        """
        return self._environment.now - self._visible[0].sent if self._visible else 0.0

    def send(self, photograph: Photograph) -> None:
        """Take a message."""
        self.sent += 1
        self.counts[Place.VISIBLE] += 1
        self._show(Message(sent=self._environment.now, photograph=photograph))

    def receive(
        self, most: int = MESSAGES_A_RECEIVE, seconds: float = LONG_POLL_SECONDS
    ) -> Generator[Event, object, list[Delivery]]:
        """Wait for messages as one ReceiveMessage call does.

        Until there is one, or the time is over.
        """
        self.requests += 1
        until = self._environment.now + seconds
        while not (taken := self._take(min(most, MESSAGES_A_RECEIVE))) and self._environment.now < until:
            knock = self._environment.event()
            self._waiting.append(knock)
            yield knock | self._environment.timeout(until - self._environment.now)
            if not knock.triggered:
                self._waiting.remove(knock)
        self.empty_requests += not taken
        return taken

    def delete(self, delivery: Delivery) -> None:
        """Delete a message, unless it was received again in the meantime.

        Only the newest receipt handle counts.
        """
        message = delivery.message
        if message.receives != delivery.receive or message.place not in {Place.VISIBLE, Place.HIDDEN}:
            return
        if message.place is Place.VISIBLE:
            self._visible.remove(message)
        self._move(message, Place.DELETED)

    def show_after(self, delivery: Delivery, seconds: float) -> None:
        """Change the visibility timeout of a message that this consumer still has.

        It counts from now.
        """
        if self._is_with(delivery):
            self._hide_until(delivery, self._environment.now + seconds)

    def _take(self, most: int) -> list[Delivery]:
        taken: list[Delivery] = []
        while self._visible and len(taken) < most and self.in_flight < self._in_flight_limit:
            message = self._visible.popleft()
            if self._environment.now - message.sent > self._retention_seconds:
                self._move(message, Place.EXPIRED)
            elif message.receives >= self._max_receives:
                self._move(message, Place.DEAD)
            else:
                taken.append(self._hide(message))
        return taken

    def _show(self, message: Message) -> None:
        self._visible.append(message)
        if self._waiting:
            # Which of the waiting calls gets a message is not for the queue's users to know.
            self._waiting.pop(int(self._generator.integers(len(self._waiting)))).succeed()

    def _hide(self, message: Message) -> Delivery:
        message.receives += 1
        self._move(message, Place.HIDDEN)
        delivery = Delivery(message, message.receives)
        self._hide_until(delivery, self._environment.now + self._visibility_seconds)
        return delivery

    def _hide_until(self, delivery: Delivery, until: float) -> None:
        delivery.message.hidden_until = until
        entry = (until, next(self._entries), delivery)
        heapq.heappush(self._hidden, entry)
        if self._hidden[0] is entry and not self._first_has_changed.triggered:
            self._first_has_changed.succeed()

    def _move(self, message: Message, place: Place) -> None:
        self.counts[message.place] -= 1
        self.counts[place] += 1
        message.place = place

    def _bring_back(self) -> Steps:
        while True:
            while self._hidden and not self._is_hidden_until(*self._hidden[0]):
                heapq.heappop(self._hidden)
            if self._first_has_changed.triggered:
                self._first_has_changed = self._environment.event()
            if not self._hidden:
                yield self._first_has_changed
                continue
            until, _, delivery = self._hidden[0]
            if until > self._environment.now:
                yield self._first_has_changed | self._environment.timeout(until - self._environment.now)
                continue
            heapq.heappop(self._hidden)
            self._move(delivery.message, Place.VISIBLE)
            self._show(delivery.message)

    def _is_hidden_until(self, until: float, _entry: int, delivery: Delivery) -> bool:
        return self._is_with(delivery) and delivery.message.hidden_until == until

    @staticmethod
    def _is_with(delivery: Delivery) -> bool:
        return delivery.message.place is Place.HIDDEN and delivery.message.receives == delivery.receive

"""The same convergence in a bucket that people have already: without versions, and told of by EventBridge."""

from datetime import timedelta
from typing import Any

import pytest

from contract.events import ObjectEvent
from contract.message_body import parse_body
from support.function.convergence_machine import Convergence, ConvergenceOfExpired, examples
from support.function.events import eventbridge_body


class UnversionedConvergence(Convergence):
    """In a bucket without versions nothing is undone: what is overwritten or deleted is gone."""

    versioned = frozenset()

    def delete_version(self, *_: Any, **__: Any) -> None:
        """There are none."""

    def take_back(self, *_: Any, **__: Any) -> None:
        """Nor is there a way back."""

    def purge(self) -> None:
        """There are no delete markers."""


class ToldByEventBridge:
    """S3's events come by EventBridge, and what `darkroom backfill` sends comes as ever."""

    def told(self, upload: ObjectEvent) -> ObjectEvent:
        (told,) = parse_body(eventbridge_body(upload))
        return told


class EventBridgeConvergence(ToldByEventBridge, Convergence):
    """In a bucket that keeps versions."""


class EventBridgeConvergenceOfExpired(ToldByEventBridge, ConvergenceOfExpired):
    """The same where the variants of what expires are kept, and nothing comes in one second with another.

    EventBridge tells whole seconds, so that a marker of the same second as the version below is not seen to be above.
    """

    between_changes = timedelta(seconds=1)


class UnversionedEventBridgeConvergence(ToldByEventBridge, UnversionedConvergence):
    """Both."""


TestUnversionedConvergence = pytest.mark.long(UnversionedConvergence.TestCase)
TestUnversionedConvergence.settings = examples(100)
TestEventBridgeConvergence = pytest.mark.long(EventBridgeConvergence.TestCase)
TestEventBridgeConvergence.settings = examples(100)
TestEventBridgeConvergenceOfExpired = pytest.mark.long(EventBridgeConvergenceOfExpired.TestCase)
TestEventBridgeConvergenceOfExpired.settings = examples(100)
TestUnversionedEventBridgeConvergence = pytest.mark.long(UnversionedEventBridgeConvergence.TestCase)
TestUnversionedEventBridgeConvergence.settings = examples(100)

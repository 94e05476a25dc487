"""The same convergence in a bucket that people have already: without versions, and told of by EventBridge."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import rule

from contract.events import ObjectEvent
from contract.message_body import parse_body
from support.aws.memory_s3 import NULL, Version
from support.function.convergence_machine import CONFIGURATIONS, Convergence, ConvergenceOfExpired, examples
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


class SuspendedConvergence(Convergence):
    """In a bucket whose versioning is suspended for a while: what is put then is "null", and what was so is gone."""

    def __init__(self) -> None:
        super().__init__()
        self.s3.suspended.add("uploads")

    def versions_before(self) -> list[Version]:
        """None from before a version that may have taken the place of a delete marker."""
        if self.versions[-1].version_id == NULL:
            return []
        before = super().versions_before()
        null = next((place for place, version in enumerate(before) if version.version_id == NULL), len(before))
        return before[: null + 1]

    @rule()
    def suspend(self) -> None:
        """Keep what there is, and no more."""
        self.s3.suspended.add("uploads")

    @rule()
    def resume(self) -> None:
        """Keep what comes again."""
        self.s3.suspended.discard("uploads")


class SuspendedConvergenceUntold(SuspendedConvergence):
    """The same where an event tells no version instead of "null"."""

    def told(self, upload: ObjectEvent) -> ObjectEvent:
        return replace(upload, version_id=None) if upload.version_id == NULL else upload


class SharedDerivedConvergence(Convergence):
    """With a derived bucket that others use too: its folders are not listed, so no deployment renames a variant.

    What a killed attempt at a key's first upload has written of one that the next deployment leaves out stays there.
    """

    derived_prefix = "made/"

    @rule(variants=st.sampled_from(CONFIGURATIONS))
    def deploy(self, variants: dict[str, dict[str, Any]]) -> None:
        """Configure other widths."""
        same_names = [each for each in CONFIGURATIONS if each.keys() == CONFIGURATIONS[0].keys()]
        super().deploy(variants if variants in same_names else same_names[-1])


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


class SuspendedEventBridgeConvergence(ToldByEventBridge, SuspendedConvergence):
    """Both."""


TestSharedDerivedConvergence = pytest.mark.long(SharedDerivedConvergence.TestCase)
TestSharedDerivedConvergence.settings = examples(60)
TestSuspendedConvergence = pytest.mark.long(SuspendedConvergence.TestCase)
TestSuspendedConvergence.settings = examples(60)
TestSuspendedConvergenceUntold = pytest.mark.long(SuspendedConvergenceUntold.TestCase)
TestSuspendedConvergenceUntold.settings = examples(60)
TestSuspendedEventBridgeConvergence = pytest.mark.long(SuspendedEventBridgeConvergence.TestCase)
TestSuspendedEventBridgeConvergence.settings = examples(60)
TestUnversionedConvergence = pytest.mark.long(UnversionedConvergence.TestCase)
TestUnversionedConvergence.settings = examples(60)
TestEventBridgeConvergence = pytest.mark.long(EventBridgeConvergence.TestCase)
TestEventBridgeConvergence.settings = examples(60)
TestEventBridgeConvergenceOfExpired = pytest.mark.long(EventBridgeConvergenceOfExpired.TestCase)
TestEventBridgeConvergenceOfExpired.settings = examples(60)
TestUnversionedEventBridgeConvergence = pytest.mark.long(UnversionedEventBridgeConvergence.TestCase)
TestUnversionedEventBridgeConvergence.settings = examples(60)

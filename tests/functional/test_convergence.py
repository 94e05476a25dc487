"""Convergence: whatever is delivered, interleaved, repeated or cut short, the newest upload's variants stand.

One key, uploads whose contents repeat, deletions of every kind, consumers that stop at every S3 request: hypothesis
looks for a sequence after which, once no message is left, the derived bucket is not what the uploads bucket says.
"""

import json
from dataclasses import replace
from typing import Any

from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule

from builders.memory_s3 import MemoryS3, Version
from builders.stepping import CrashError, Stepped
from builders.world import World, picture_of, settings
from resize.errors import ImageRejectedError, Reason
from resize.events import Upload
from resize.renditions import Rendered
from resize.variants import Format

KEY = "cat.jpg"
CONTENTS = (b"A", b"B", b"C as png", b"broken")


class Convergence(RuleBasedStateMachine):
    """A pipeline in memory, with its messages and consumers in the test's hand."""

    def __init__(self) -> None:
        super().__init__()
        self.s3 = MemoryS3(frozenset({"uploads"}))
        self.world = World(
            client=self.s3, settings=settings(large={"width": 1600}, keep={"width": 9, "format": "source"})
        )
        self.sent: list[Upload] = []
        self.waiting: list[Upload] = []
        self.consumers: list[tuple[Upload, Stepped]] = []

    @property
    def versions(self) -> list[Version]:
        return self.s3.versions("uploads", KEY)

    def send(self, upload: Upload) -> None:
        self.sent.append(upload)
        self.waiting.append(upload)

    @rule(content=st.sampled_from(CONTENTS))
    def upload(self, content: bytes) -> None:
        self.send(self.world.upload(KEY, content))

    @rule()
    def delete(self) -> None:
        self.send(self.world.delete(KEY))

    @precondition(lambda self: self.versions)
    @rule(data=st.data())
    def delete_version(self, data: st.DataObject) -> None:
        """The current one, an old one, or a delete marker."""
        version = data.draw(st.sampled_from(self.versions[::-1]))
        self.send(self.world.delete_version(KEY, version.version_id))

    @precondition(lambda self: self.waiting and len(self.consumers) < 4)
    @rule(data=st.data())
    def deliver(self, data: st.DataObject) -> None:
        """In any order."""
        upload = data.draw(st.sampled_from(self.waiting))
        self.waiting.remove(upload)
        self.start(upload)

    @precondition(lambda self: self.waiting)
    @rule(data=st.data())
    def deliver_and_finish(self, data: st.DataObject) -> None:
        self.deliver(data)
        self.consumers[-1][1].finish()
        self.look_after_all()

    @rule(slow=st.sampled_from(CONTENTS), fast=st.sampled_from((*CONTENTS, None)), requests=st.integers(0, 6))
    def overtake(self, slow: bytes, fast: bytes | None, requests: int) -> None:
        """A newer upload, or a deletion, is done while the consumer of an older one rests between two requests."""
        self.upload(slow)
        consumer = self.start(self.waiting.pop())
        for _ in range(requests):
            consumer.step()
        self.send(self.world.upload(KEY, fast) if fast else self.world.delete(KEY))
        self.start(self.waiting.pop()).finish()
        self.look_after_all()

    @precondition(lambda self: self.sent and len(self.consumers) < 4)
    @rule(data=st.data())
    def deliver_again(self, data: st.DataObject) -> None:
        """Whether it was done, waits or is being done."""
        self.start(data.draw(st.sampled_from(self.sent)))

    @precondition(lambda self: self.consumers)
    @rule(data=st.data(), requests=st.integers(1, 6))
    def go_on(self, data: st.DataObject, requests: int) -> None:
        _, consumer = data.draw(st.sampled_from(self.consumers))
        for _ in range(requests):
            consumer.step()
        self.look_after_all()

    @precondition(lambda self: self.consumers)
    @rule(data=st.data())
    def crash(self, data: st.DataObject) -> None:
        _, consumer = data.draw(st.sampled_from(self.consumers))
        consumer.crash()
        self.look_after_all()

    def start(self, upload: Upload) -> Stepped:
        world = replace(self.world)
        consumer = Stepped(lambda client: world.deliver(upload, self.render, client), self.s3)
        self.consumers.append((upload, consumer))
        return consumer

    def look_after_all(self) -> None:
        """What ended well is done; what was cut short is delivered again."""
        ended = [(upload, consumer) for upload, consumer in self.consumers if not consumer.is_running]
        self.consumers = [(upload, consumer) for upload, consumer in self.consumers if consumer.is_running]
        for upload, consumer in ended:
            if isinstance(consumer.failure, CrashError):
                self.waiting.append(upload)
            elif consumer.failure is not None:
                raise consumer.failure

    def render(self, source: bytes) -> Rendered:
        if source == b"broken":
            raise ImageRejectedError(Reason.CORRUPT, "broken")
        rendered = self.world.render(source)
        kept = Format.PNG if b"png" in source else Format.JPEG
        return replace(
            rendered,
            renditions=tuple(
                replace(rendition, format=kept) if rendition.variant == "keep" else rendition
                for rendition in rendered.renditions
            ),
        )

    def teardown(self) -> None:
        """Let every message be done, and hold the derived bucket against the uploads bucket."""
        while self.consumers or self.waiting:
            for _, consumer in self.consumers:
                consumer.finish()
            self.look_after_all()
            if self.waiting:
                self.start(self.waiting.pop())
        if self.sent:
            self.check_manifest(self.versions[-1].body if self.versions else None)

    def check_manifest(self, source: bytes | None) -> None:
        manifest = json.loads(self.s3.get_object(Bucket="derived", Key=f"manifests/{KEY}.json")["Body"].read())
        outcome = {None: "removed", b"broken": "rejected"}.get(source, "resized")
        assert manifest["outcome"] == outcome
        assert {each["variant"] for each in manifest["renditions"]} == (
            {"large", "keep"} if outcome == "resized" else set()
        )
        for rendition in manifest["renditions"]:
            assert manifest["source"]["version_id"] == self.versions[-1].version_id
            self.check_rendition(rendition, source or b"")
        listed = {each["key"] for each in manifest["renditions"]}
        assert {key for key in self.s3.keys("derived") if not key.startswith("manifests/")} == listed

    def check_rendition(self, rendition: dict[str, Any], source: bytes) -> None:
        found = self.s3.get_object(Bucket="derived", Key=rendition["key"])
        body = found["Body"].read()
        assert picture_of(source, rendition["variant"]) in body
        assert (rendition["bytes"], rendition["content_type"]) == (len(body), found["ContentType"])
        assert f'"{rendition["etag"]}"' == found["ETag"]


TestConvergence = Convergence.TestCase
TestConvergence.settings = hypothesis_settings(max_examples=500, stateful_step_count=30, deadline=None)

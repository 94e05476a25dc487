"""The state machine of convergence: whatever is delivered, killed or delayed, all ends right."""

import json
import os
import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import timedelta
from itertools import takewhile
from typing import TYPE_CHECKING, Any, cast

from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule

from contract.errors import Reason
from contract.events import EventType, ObjectEvent
from contract.focal_point import FocalPoint
from contract.keys import manifest_key
from contract.manifest import Manifest
from contract.sequencer import EventOrder
from darkroom.backfill.jobs import sequencer_for
from darkroom.backfill.selection import Filter, select
from resize.derived_bucket import ORDER
from resize.errors import ImageRejectedError
from resize.imaging.presets import parse_presets
from resize.imaging.rendition import Rendered
from resize.imaging.variants import Format
from resize.publication import Announce
from resize.settings import Settings
from support.aws.memory_s3 import MemoryS3, Version
from support.aws.stepping import CrashError, Stepped, SteppedClient, each_to_its_end
from support.function.buckets import Buckets, picture_of, settings

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client


CONTENTS = (b"A", b"B", b"C as png", b"broken", b"")


# As an uploader writes them; one of them is none.
FOCUSES = (None, "0.3,0.7", "1,0", "1,5")


CONFIGURATIONS: tuple[dict[str, dict[str, Any]], ...] = (
    {"large": {"width": 1600}, "keep": {"width": 9, "format": "source"}},
    {"large": {"width": 1200}, "keep": {"width": 9, "format": "source"}},
    {"large": {"width": 1600}, "tiny": {"width": 16, "format": "png"}},
)


CONSUMERS_AT_ONCE = 4


@dataclass(frozen=True)
class Consumer:
    """A consumer at work on an upload, with the settings that it started with."""

    upload: ObjectEvent
    generation: int
    work: Stepped


class Convergence(RuleBasedStateMachine):
    """A pipeline in memory, with its messages and consumers in the test's hand."""

    key = "cat.jpg"
    versioned = frozenset({"uploads"})
    keeps_variants_of_expired = False
    derived_prefix: str | None = None
    between_changes = timedelta(seconds=0.5)  # so that of two changes S3 tells the same time or another

    def __init__(self) -> None:
        super().__init__()
        self.s3 = MemoryS3(self.versioned)
        client = cast("S3Client", self.s3)
        self.world = Buckets(
            client=client,
            settings=self.configured(CONFIGURATIONS[0]),
            for_each=each_to_its_end,
            clock=lambda: self.s3.now,
        )
        self.deployed = [CONFIGURATIONS[0]]
        self.sent: list[ObjectEvent] = []
        self.waiting: list[ObjectEvent] = []
        self.consumers: list[Consumer] = []
        self.doubled: set[str] = set()
        self.intact: set[tuple[str, str]] = set()  # what the manifest listed and was there so, a request ago
        self.contents: dict[str | None, bytes] = {}
        self.focuses: dict[str | None, FocalPoint | None] = {}
        self.expired: set[str | None] = set()
        self.kept: str | None = None  # the version whose variants must stay, as it has expired

    def configured(self, variants: dict[str, dict[str, Any]]) -> Settings:
        return replace(
            settings(**variants),
            keep_variants_of_expired=self.keeps_variants_of_expired,
            derived_prefix=self.derived_prefix,
        )

    @property
    def manifest_name(self) -> str:
        return manifest_key(self.key, self.derived_prefix or "")

    @rule(content=st.sampled_from(CONTENTS), focus=st.sampled_from(FOCUSES))
    def upload(self, content: bytes, focus: str | None = None) -> None:
        self.send(self.world.upload(self.key, content, focus))

    @precondition(lambda self: self.current)
    @rule(focus=st.sampled_from(FOCUSES))
    def refocus(self, focus: str | None) -> None:
        """Copy the current object upon itself with another focal point: its bytes and its ETag stay."""
        self.send(self.world.upload(self.key, self.versions[-1].body or b"", focus))

    @rule()
    def delete(self) -> None:
        self.send(self.world.delete(self.key))

    @precondition(lambda self: self.current)
    @rule()
    def expire(self) -> None:
        """Have a lifecycle rule put a delete marker on it."""
        self.mark_expired()

    @precondition(lambda self: self.is_known_to_have_expired)
    @rule()
    def purge(self) -> None:
        """Have a lifecycle rule delete what lies under an expired version's delete marker, which sends no event."""
        for version in self.versions:
            self.s3.delete_object(Bucket="uploads", Key=self.key, VersionId=version.version_id)

    @precondition(lambda self: self.current and not self.consumers and not self.current.archived)
    @rule()
    def archive(self) -> None:
        self.s3.set_archived("uploads", self.key, archived=True)

    @precondition(lambda self: self.current and self.current.archived)
    @rule()
    def restore(self) -> None:
        """Make it readable again, and backfill it."""
        self.s3.set_archived("uploads", self.key, archived=False)
        self.backfill()

    @precondition(lambda self: self.versions)
    @rule(data=st.data())
    def delete_version(self, data: st.DataObject) -> None:
        """The current one, an old one, or a delete marker."""
        version = data.draw(st.sampled_from(self.versions[::-1]))
        self.send(self.world.delete_version(self.key, version.version_id))

    @rule(variants=st.sampled_from(CONFIGURATIONS))
    def deploy(self, variants: dict[str, dict[str, Any]]) -> None:
        """Configure other variants; consumers at work go on with the ones that they know."""
        self.world.settings = replace(self.configured(variants), function_version=len(self.deployed))
        self.deployed.append(variants)

    @precondition(lambda self: self.current and not self.current.archived)
    @rule()
    def backfill(self) -> None:
        """Ask for the current version, as what the manifest tells now has `darkroom backfill` do."""
        version, manifest = self.versions[-1], self.manifest()
        is_current = manifest is not None and manifest.source.identity == version.identity
        self.send(
            ObjectEvent(
                change=EventType.CREATED,
                bucket="uploads",
                key=self.key,
                version_id=version.version_id,
                etag="",
                size=0,
                sequencer=sequencer_for(manifest, is_current=is_current, written=self.written()),
                time=version.modified,
                requested=self.s3.now,
            )
        )

    @precondition(lambda self: self.waiting and len(self.consumers) < CONSUMERS_AT_ONCE)
    @rule(data=st.data())
    def deliver(self, data: st.DataObject) -> None:
        """In any order."""
        upload = data.draw(st.sampled_from(self.waiting))
        self.waiting.remove(upload)
        self.start(upload, is_late=data.draw(st.booleans()))

    @precondition(lambda self: self.waiting)
    @rule(data=st.data())
    def deliver_and_finish(self, data: st.DataObject) -> None:
        self.deliver(data)
        self.consumers[-1].work.finish()
        self.look_after_all()

    @precondition(lambda self: self.repeatable and len(self.consumers) < CONSUMERS_AT_ONCE)
    @rule(data=st.data())
    def deliver_again(self, data: st.DataObject) -> None:
        """Whether it was done, waits or is being done."""
        self.start(data.draw(st.sampled_from(self.repeatable)))

    @precondition(lambda self: self.repeatable and not self.consumers)
    @rule(data=st.data(), turns=st.lists(st.integers(0, 2), max_size=30))
    def deliver_thrice(self, data: st.DataObject, turns: list[int]) -> None:
        """At once, and one of the three consumers is killed."""
        upload = data.draw(st.sampled_from(self.repeatable))
        works = [self.start(upload) for _ in range(3)]
        for turn in turns:
            works[turn].step()
        works[0].crash()
        for work in works[1:]:
            work.finish()
        self.look_after_all()

    @rule(slow=st.sampled_from(CONTENTS), fast=st.sampled_from((*CONTENTS, None)), requests=st.integers(0, 6))
    def overtake(self, slow: bytes, fast: bytes | None, requests: int) -> None:
        """A newer upload, or a deletion, is done while the consumer of an older one rests between two requests."""
        self.change(slow)
        resting = self.start(self.waiting.pop())
        resting.steps(requests)
        self.change(fast)
        self.start(self.waiting.pop()).finish()
        self.look_after_all()

    @rule(
        content=st.sampled_from((*CONTENTS, None)),
        before=st.integers(1, 4),
        after=st.integers(0, 4),
        is_cut_short=st.booleans(),
        variants=st.none() | st.sampled_from(CONFIGURATIONS),
    )
    def take_back(
        self, content: bytes | None, before: int, after: int, is_cut_short: bool, variants: dict[str, Any] | None
    ) -> None:
        """An upload, or a deletion, is undone for good, and that is done while the first one's consumer rests.

        What was there before is current again, and its manifest may tell so already.
        """
        change = self.change(content)
        resting = self.start(self.waiting.pop())
        resting.steps(before)
        self.send(self.world.delete_version(self.key, change.version_id))
        self.start(self.waiting.pop()).finish()
        resting.steps(after)
        if is_cut_short:
            resting.crash()
            self.look_after_all()
        if variants and not self.consumers:
            self.deploy(variants)
        self.settle()

    @rule(
        content=st.sampled_from(CONTENTS),
        requests=st.integers(2, 6),
        newer=st.sampled_from((*CONTENTS, None)),
        variants=st.none() | st.sampled_from(CONFIGURATIONS),
    )
    def cut_short(self, content: bytes, requests: int, newer: bytes | None, variants: dict[str, Any] | None) -> None:
        """A consumer is killed; before its message comes again the key is overwritten, or other variants configured."""
        upload = self.change(content)
        work = self.start(self.waiting.pop())
        work.steps(requests)
        work.crash()
        self.look_after_all()
        if variants:
            self.deploy(variants)
        if newer is not None:
            self.change(newer)
        if upload in self.waiting:  # and not done before it could be killed
            self.waiting.remove(upload)
        self.start(upload).finish()
        self.settle()

    @precondition(lambda self: self.consumers)
    @rule(data=st.data(), requests=st.integers(1, 6))
    def go_on(self, data: st.DataObject, requests: int) -> None:
        data.draw(st.sampled_from(self.consumers)).work.steps(requests)
        self.look_after_all()

    @precondition(lambda self: self.consumers)
    @rule(data=st.data())
    def crash(self, data: st.DataObject) -> None:
        data.draw(st.sampled_from(self.consumers)).work.crash()
        self.look_after_all()

    def teardown(self) -> None:
        self.settle()

    @rule()
    def settle(self) -> None:
        """Let every message be done, and hold the derived bucket against the uploads bucket."""
        while self.consumers or self.waiting:
            for consumer in self.consumers:
                consumer.work.finish()
            self.look_after_all()
            if self.waiting:
                self.start(self.waiting.pop())
        if self.sent:
            self.check(self.versions[-1].body if self.versions else None)

    @property
    def versions(self) -> list[Version]:
        return self.s3.versions("uploads", self.key)

    @property
    def current(self) -> Version | None:
        return self.versions[-1] if self.versions and self.versions[-1].body is not None else None

    @property
    def is_known_to_have_expired(self) -> bool:
        """Whether all that is left of the key is an expired version, and the pipeline knows."""
        manifest = self.manifest()
        is_known = manifest is not None and manifest.source_expired and not self.waiting and not self.consumers
        return is_known and bool(self.versions) and self.versions[-1].version_id in self.expired

    @property
    def repeatable(self) -> list[ObjectEvent]:
        """What may be delivered again.

        A message stays hidden for six times as long as a function may run: one that is in the hands of an older version
        of the function is not given to a newer one.
        """
        older = [each.upload for each in self.consumers if each.generation < self.world.settings.function_version]
        return [upload for upload in self.sent if upload not in older]

    def written(self) -> list[str]:
        """The sequencers of the variants that lie there."""
        keys = [key for key in self.s3.keys("derived") if key != self.manifest_name]
        stored = [self.s3.head_object(Bucket="derived", Key=key)["Metadata"][ORDER] for key in keys]
        return [EventOrder.from_text(order).sequencer for order in stored]

    def manifest(self) -> Manifest | None:
        if self.manifest_name not in self.s3.keys("derived"):
            return None
        return Manifest.from_json(self.s3.get_object(Bucket="derived", Key=self.manifest_name)["Body"].read())

    def change(self, content: bytes | None) -> ObjectEvent:
        """Upload this, or delete what is there."""
        change = self.world.delete(self.key) if content is None else self.world.upload(self.key, content)
        return self.send(change)

    def told(self, upload: ObjectEvent) -> ObjectEvent:
        """What the queue is told of an event: all of it."""
        return upload

    def send(self, event: ObjectEvent) -> ObjectEvent:
        upload = event if event.requested else self.told(event)
        self.sent.append(upload)
        self.waiting.append(upload)
        self.s3.now += self.between_changes
        if upload.change is EventType.CREATED and not upload.requested:
            self.contents[event.version_id] = self.versions[-1].body or b""
            self.focuses[event.version_id] = self.versions[-1].focus
        if (upload.change is not EventType.DELETED and not upload.requested) or event.version_id == self.kept:
            self.kept = None
        return upload

    def mark_expired(self) -> ObjectEvent:
        """Put a lifecycle rule's delete marker on what is current."""
        version, manifest = self.versions[-1], self.manifest()
        is_shown = manifest is not None and manifest.source.version_id == version.version_id
        event = self.world.expire(self.key)
        self.expired.add(event.version_id)
        sent = self.send(event)
        self.kept = version.version_id if manifest and manifest.renditions and is_shown else None
        return sent

    def hand_over(self, uploads: Sequence[ObjectEvent], *, is_late: bool) -> None:
        """Deliver these and have them done."""
        for upload in uploads:
            self.waiting.remove(upload)
            self.start(upload, is_late=is_late).finish()
            self.look_after_all()

    def start(self, upload: ObjectEvent, *, is_late: bool = False) -> Stepped:
        world = replace(self.world)

        def deliver(client: SteppedClient) -> None:
            world.deliver(
                upload,
                lambda source: render(world, self.key, source),
                cast("S3Client", client),
                is_late=is_late,
                announce=self.announce(client),
            )

        work = Stepped(deliver, self.s3, self.check_listed)
        if upload in (consumer.upload for consumer in self.consumers):
            self.doubled.add(upload.sequencer)
        self.consumers.append(Consumer(upload, world.settings.function_version, work))
        return work

    def announce(self, _: SteppedClient) -> Announce | None:
        """Where a consumer announces what it has done: nowhere."""
        return None

    def look_after_all(self) -> None:
        """What ended well is done; what was cut short is delivered again."""
        ended = [consumer for consumer in self.consumers if not consumer.work.is_running]
        self.consumers = [consumer for consumer in self.consumers if consumer.work.is_running]
        for consumer in ended:
            if isinstance(consumer.work.failure, CrashError):
                self.waiting.append(consumer.upload)
            elif consumer.work.failure is not None:
                raise consumer.work.failure

    def check_listed(self) -> None:
        """Hold what the manifest lists against what is there, whatever is going on.

        All of it is there while its source is the current one. While a newer upload's event waits, or the source is
        gone, what is there as it is listed stays: a later job may overwrite it, and take that back. Where two
        deliveries of one job are at work at once then, the one that sees it first may delete what the other lists.
        """
        manifest, before = self.manifest(), self.intact
        self.intact = self.listed_and_there(manifest)
        if manifest is None:
            return
        if self.keeps_variants_of_expired and self.current is None and not manifest.source_expired:
            return  # its source is gone, and the event that says why is on its way
        there = set(self.s3.keys("derived"))
        if bool(self.versions) and manifest.source.identity == self.versions[-1].identity:
            assert manifest.etags.keys() <= there
        elif manifest.source.sequencer not in self.doubled:
            assert {key for key, etag in manifest.etags.items() if (key, etag) in before} <= there

    def listed_and_there(self, manifest: Manifest | None) -> set[tuple[str, str]]:
        """The keys and ETags that a manifest lists and that are there so."""
        there = {key: self.s3.head_object(Bucket="derived", Key=key)["ETag"] for key in self.s3.keys("derived")}
        listed = manifest.etags.items() if manifest else ()
        return {(key, etag) for key, etag in listed if there.get(key) == f'"{etag}"'}

    def outcome(self, source: bytes | None) -> str:
        """What is to be recorded in the end."""
        return {None: "removed", b"broken": "rejected", b"": "rejected"}.get(source, "resized")

    @property
    def shown_instead(self) -> str | None:
        """The newest good upload before the current one, down to the first delete marker: among three at most."""
        good = (
            each for each in self.versions_before()[:3] if not each.archived and self.outcome(each.body) == "resized"
        )
        return next((each.version_id for each in good), None)

    def versions_before(self) -> list[Version]:
        """What was uploaded before the current version, and not deleted before it; the newest first."""
        return list(takewhile(lambda version: version.body is not None, self.versions[-2::-1]))

    def check(self, source: bytes | None) -> None:
        manifest = json.loads(self.s3.get_object(Bucket="derived", Key=self.manifest_name)["Body"].read())
        listed = {rendition["key"] for rendition in manifest["renditions"]}
        assert {key for key in self.s3.keys("derived") if key != self.manifest_name} == listed
        if self.current is None:
            self.check_gone(manifest)
        elif not (self.current.archived and manifest["reason"] == "archived"):
            assert manifest["outcome"] == self.outcome(source)
        if self.current is not None and manifest["outcome"] != "removed":
            assert manifest["source"]["version_id"] == self.current.version_id
            assert f'"{manifest["source"]["etag"]}"' == self.current.etag
            assert not manifest["source_expired"]
            assert manifest["source"]["focus"] == (asdict(self.current.focus) if self.current.focus else None)
        shown = manifest["shown"] or manifest["source"]
        if self.current is not None and not self.current.archived:
            assert (manifest["shown"] or {}).get("version_id") == (
                self.shown_instead if manifest["outcome"] == "rejected" else None
            )
        if manifest["outcome"] == "resized" or manifest["shown"]:
            variants = self.deployed[manifest["generation"]]
            listed_widths = {each["variant"]: each["width"] for each in manifest["renditions"]}
            widths = {name: variant["width"] for name, variant in variants.items()}
            # What a job overwrote that was undone cannot be made again of a source in an archive, or of none.
            is_lost = manifest["source_expired"] and not self.is_readable(shown["version_id"])
            assert listed_widths == widths or (is_lost and listed_widths.items() <= widths.items())
        for rendition in manifest["renditions"]:
            self.check_rendition(rendition, self.contents[shown["version_id"]], self.focuses[shown["version_id"]])

    def is_readable(self, version_id: str | None) -> bool:
        return any(version.version_id == version_id and not version.archived for version in self.versions)

    def check_gone(self, manifest: dict[str, Any]) -> None:
        """Nothing is left, unless its source has expired and the variants are to be kept."""
        if manifest["source_expired"]:
            versions = [version.version_id for version in self.versions if version.body is not None]
            assert self.keeps_variants_of_expired
            assert not self.versions or self.versions[-1].version_id in self.expired
            assert manifest["source"]["version_id"] == (versions or [manifest["source"]["version_id"]])[-1]
        else:
            assert (manifest["outcome"], manifest["renditions"]) == ("removed", [])
        if self.keeps_variants_of_expired and self.kept:
            assert manifest["source_expired"], "its variants cannot be made again"
            assert manifest["source"]["version_id"] == self.kept

    def check_rendition(self, rendition: dict[str, Any], source: bytes, focus: FocalPoint | None) -> None:
        found = self.s3.get_object(Bucket="derived", Key=rendition["key"])
        body = found["Body"].read()
        assert picture_of(source, rendition["variant"]) in body
        assert f"{rendition['width']} wide".encode() in body
        assert (f"<around {focus}>".encode() if focus else b"") == b"".join(re.findall(rb"<around [^>]*>", body))
        assert (rendition["bytes"], rendition["content_type"]) == (len(body), found["ContentType"])
        assert f'"{rendition["etag"]}"' == found["ETag"]


def render(world: Buckets, key: str, source: bytes) -> Rendered:
    """Reject what is broken, keep the format of what is not."""
    if source in {b"broken", b""}:
        raise ImageRejectedError(Reason.CORRUPT if source else Reason.EMPTY, "broken")
    kept = Format.PNG if b"png" in source else Format.JPEG
    rendered = world.render(source, world.settings.variants_for(key))
    renditions = (replace(each, format=kept) if each.variant == "keep" else each for each in rendered.renditions)
    return replace(rendered, renditions=tuple(renditions))


class FolderConvergence(Convergence):
    """The same for a key that S3's console may have made to show a folder: without bytes it is no image."""

    key = "photos/"

    def outcome(self, source: bytes | None) -> str:
        """Of a marker nothing is recorded, but that what was an image before is gone."""
        return super().outcome(source or None)

    def check(self, source: bytes | None) -> None:
        if source or self.manifest():
            super().check(source)
        else:
            assert self.s3.keys("derived") == []


class ConvergenceOfExpired(Convergence):
    """The same where the variants of what expires are kept."""

    keeps_variants_of_expired = True


class ConvergenceOfPresets(Convergence):
    """The same for a key whose variants are a preset's, which it may lose; a backfill does what events leave undone."""

    key = "avatars/cat.jpg"

    def configured(self, variants: dict[str, dict[str, Any]]) -> Settings:
        presets = [{"prefix": "a", "variants": {"other": {"width": 7}}}, {"prefix": "avatars/", "variants": variants}]
        return replace(super().configured({}), variants=(), presets=parse_presets(presets))

    @rule()
    def lose_variants(self) -> None:
        """Configure none for the key."""
        self.deploy({})

    @property
    def is_to_be_backfilled(self) -> bool:
        """Whether `darkroom backfill` would send a job for the key."""
        variants = self.world.settings.variants_for(self.key)
        if self.current is None or (self.current.archived and variants):
            return False
        manifest = self.manifest()
        is_current = manifest is not None and manifest.source.identity == self.current.identity
        names = frozenset(variant.name for variant in variants)
        configured = self.world.settings
        chosen = Filter(
            recipe=configured.recipe_for(self.key), function_version=configured.function_version, variants=names
        )
        return select(manifest, chosen, is_current=is_current).is_job

    def check(self, source: bytes | None) -> None:
        if self.is_to_be_backfilled:
            self.backfill()
            job = self.waiting.pop()
            self.start(job).finish()
            self.look_after_all()
            assert not self.is_to_be_backfilled
        manifest = self.manifest()
        if manifest is None:
            assert self.s3.keys("derived") == []
            assert self.current is None or self.current.archived or not self.deployed[-1]
        elif self.current and self.current.archived:
            assert manifest.etags.keys() | {self.manifest_name} == set(self.s3.keys("derived"))
        else:
            super().check(source)

    def outcome(self, source: bytes | None) -> str:
        """Where no variants are configured, an upload is as good as gone."""
        return super().outcome(source if self.deployed[-1] else None)


# The examples of the machine that has the most.
_MOST = 200


def examples(most: int) -> hypothesis_settings:
    """As usual always the same ones, so that a run finds what another has found; CONVERGENCE_EXAMPLES draws others.

    `make nightly` draws as many for the machine that has the most here, and of the others in proportion.
    """
    drawn = int(os.environ.get("CONVERGENCE_EXAMPLES", "0")) * most // _MOST
    return hypothesis_settings(max_examples=drawn or most, derandomize=not drawn, stateful_step_count=30, deadline=None)

"""The outbox: every manifest that stood is announced, in its key's order, whatever is delivered or cut short."""

import json
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any, cast

import pytest
from botocore.exceptions import ClientError
from hypothesis import Phase
from hypothesis import settings as hypothesis_settings
from hypothesis.stateful import run_state_machine_as_test

from contract.errors import AnnouncementError
from contract.image_event import REVISION, ImageEvent
from contract.keys import manifest_key
from resize.events_queue import EventsQueue
from resize.publication import Announce, Publication, StoredManifest
from resize.settings import Events, Settings
from support.aws.stepping import SteppedClient
from support.function.buckets import Buckets
from support.function.convergence_machine import Convergence, ConvergenceOfExpired, examples
from support.function.memory_events_queue import MemoryEventsQueue

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client
    from mypy_boto3_sqs.client import SQSClient

EVENTS = Events(queue_url="https://sqs/1/events.fifo", source="/darkroom/123456789012/eu-west-1/Darkroom")
KEY = "cat.jpg"


class AnnouncedConvergence(Convergence):
    """Convergence where events are on: consumers are cut short before each announcement, too."""

    def __init__(self) -> None:
        self.queue = MemoryEventsQueue()
        self.commits: list[tuple[bytes, str]] = []  # manifests and revisions, in the order in which they stood
        super().__init__()

    def configured(self, variants: dict[str, dict[str, Any]]) -> Settings:
        return replace(super().configured(variants), events=EVENTS)

    def announce(self, client: SteppedClient) -> Announce | None:
        return announcing(client.beside(self.queue))

    def check_listed(self) -> None:
        super().check_listed()
        if manifest_key(self.key) in self.s3.keys("derived"):
            found = self.s3.get_object(Bucket="derived", Key=manifest_key(self.key))
            commit = (found["Body"].read(), found["Metadata"][REVISION])
            if self.commits[-1:] != [commit]:
                self.commits.append(commit)

    def check(self, source: bytes | None) -> None:
        super().check(source)
        told = [(event["data"], int(event["sequence"])) for event in self.queue.first_events]
        stood = [(json.loads(text), int(revision)) for text, revision in self.commits]
        assert told == stood, "what was announced is not what stood, in its order"
        assert [revision for _, revision in told] == list(range(1, len(told) + 1))


class AnnouncedConvergenceOfExpired(AnnouncedConvergence, ConvergenceOfExpired):
    """The same where the variants of what expires are kept."""


TestAnnouncedConvergence = pytest.mark.long(AnnouncedConvergence.TestCase)
TestAnnouncedConvergence.settings = examples(100)
TestAnnouncedConvergenceOfExpired = pytest.mark.long(AnnouncedConvergenceOfExpired.TestCase)
TestAnnouncedConvergenceOfExpired.settings = examples(100)


def announcing(client: object) -> Announce:
    return EventsQueue(client=cast("SQSClient", client), url=EVENTS.queue_url).send


def announce_no_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    tell, put = Publication._publish, Publication._replace  # noqa: SLF001 - a mutant
    replacing: set[Publication] = set()

    def replace_silently(publication: Publication, *arguments: Any) -> Any:
        replacing.add(publication)
        try:
            return put(publication, *arguments)
        finally:
            replacing.discard(publication)

    def tell_own(publication: Publication, recorded: StoredManifest) -> None:
        if publication not in replacing or recorded.etag is None:
            tell(publication, recorded)

    monkeypatch.setattr(Publication, "_replace", replace_silently)
    monkeypatch.setattr(Publication, "_publish", tell_own)


def announce_nothing_on_retry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Publication, "read_manifest", Publication._read)  # noqa: SLF001 - a mutant


@pytest.mark.long
@pytest.mark.parametrize("mutate", [announce_no_replaced, announce_nothing_on_retry])
def test_the_machine_finds_a_store_that_leaves_an_announcement_out(
    mutate: Callable[[pytest.MonkeyPatch], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    mutate(monkeypatch)
    quick = hypothesis_settings(examples(500), phases=(Phase.generate,), print_blob=False)

    with pytest.raises(AssertionError, match="what was announced is not what stood"):
        run_state_machine_as_test(AnnouncedConvergence, settings=quick)


@pytest.fixture
def queue(world: Buckets) -> MemoryEventsQueue:
    queue = MemoryEventsQueue()
    world.settings = replace(world.settings, events=EVENTS)
    world.announce = announcing(queue)
    return queue


def told(queue: MemoryEventsQueue) -> list[tuple[str, int]]:
    return [(event["type"].split(".")[3], int(event["sequence"])) for event in queue.first_events]


def test_each_outcome_of_a_key_is_announced_in_order_with_its_number(world: Buckets, queue: MemoryEventsQueue) -> None:
    world.deliver(world.upload(KEY, b"old"))
    world.deliver(world.upload(KEY, b"new"))
    world.deliver(world.delete(KEY))

    assert told(queue) == [("resized", 1), ("resized", 2), ("removed", 3)]
    assert queue.events[-1]["data"] == world.manifest(KEY)


def test_where_events_name_no_version_a_late_one_has_the_newest_upload_announced_twice(
    world: Buckets, queue: MemoryEventsQueue
) -> None:
    late, newest = (replace(world.upload(KEY, body), version_id=None) for body in (b"old", b"new"))

    world.deliver(late)
    world.deliver(newest)

    assert told(queue) == [("resized", 1), ("resized", 2)]
    assert {event["data"]["source"]["etag"] for event in queue.first_events} == {newest.etag}
    assert queue.events[-1]["subject"] == queue.events[-1]["partitionkey"] == KEY
    assert len({message["MessageGroupId"] for message in queue.messages}) == 1


def test_a_manifest_from_before_events_were_turned_on_is_announced_as_number_0(world: Buckets) -> None:
    world.deliver(world.upload(KEY, b"old"))
    queue = MemoryEventsQueue()
    world.settings = replace(world.settings, events=EVENTS)

    world.deliver(world.upload(KEY, b"new"), announce=announcing(queue))

    assert told(queue) == [("resized", 0), ("resized", 1)]


def test_what_was_not_announced_while_events_were_off_leaves_a_gap(world: Buckets, queue: MemoryEventsQueue) -> None:
    on = world.settings
    world.deliver(world.upload(KEY, b"first"))
    world.settings = replace(on, events=None)
    world.deliver(world.upload(KEY, b"second"))
    world.deliver(world.upload(KEY, b"third"))
    world.settings = on

    world.deliver(world.upload(KEY, b"fourth"))

    assert told(queue) == [("resized", 1), ("resized", 3), ("resized", 4)]


def test_a_job_that_could_not_announce_fails_and_announces_when_it_is_tried_again(
    world: Buckets, queue: MemoryEventsQueue
) -> None:
    upload = world.upload(KEY, b"cat")

    def refuse(event: ImageEvent) -> None:
        raise AnnouncementError(event.key, "AccessDenied")

    with pytest.raises(AnnouncementError, match="AccessDenied"):
        world.deliver(upload, announce=refuse)
    ended = world.deliver(upload)

    assert ended.duplicate
    assert told(queue) == [("resized", 1)]


def test_a_successor_that_cannot_announce_what_it_replaces_does_not_replace_it(
    world: Buckets, queue: MemoryEventsQueue
) -> None:
    world.deliver(world.upload(KEY, b"old"))
    before = world.manifest(KEY)

    def refuse(event: ImageEvent) -> None:
        raise AnnouncementError(event.key, "Throttled")

    with pytest.raises(AnnouncementError):
        world.deliver(world.upload(KEY, b"new"), announce=refuse)

    assert world.manifest(KEY) == before
    assert told(queue) == [("resized", 1)]


class LostAnswer:
    """A client whose first write of a manifest is done, and told as a lost race, as after a retry of the client."""

    def __init__(self, client: "S3Client") -> None:
        self._client = client
        self._is_lost = False

    def __getattr__(self, operation: str) -> Any:
        return getattr(self._client, operation)

    def put_object(self, **request: Any) -> Any:
        answer = self._client.put_object(**request)
        if request["Key"].startswith("manifests/") and not self._is_lost:
            self._is_lost = True
            raise ClientError({"Error": {"Code": "PreconditionFailed", "Message": ""}}, "PutObject")
        return answer


def test_a_manifest_whose_write_seemed_lost_is_announced(world: Buckets, queue: MemoryEventsQueue) -> None:
    world.deliver(world.upload(KEY, b"cat"), client=cast("S3Client", LostAnswer(world.client)))

    assert told(queue) == [("resized", 1)]


def test_where_events_are_off_a_manifest_has_no_number(world: Buckets) -> None:
    world.deliver(world.upload(KEY, b"cat"))

    found = world.client.head_object(Bucket="derived", Key=manifest_key(KEY))

    assert REVISION not in found["Metadata"]


def test_a_job_asks_of_sqs_what_the_page_on_events_counts_for_its_kind(
    world: Buckets, queue: MemoryEventsQueue
) -> None:
    def sent(deliver: Callable[[], object]) -> int:
        before = len(queue.messages)
        deliver()
        return len(queue.messages) - before

    first, older = world.upload(KEY, b"first"), world.upload("dog.jpg", b"older")
    newer = world.upload("dog.jpg", b"newer")

    assert sent(lambda: world.deliver(first)) == 1
    assert sent(lambda: world.deliver(first)) == 1
    assert sent(lambda: world.deliver(older)) == 0
    assert sent(lambda: world.deliver(newer)) == 1
    assert sent(lambda: world.deliver(world.upload(KEY, b"second"))) == 2
    assert sent(lambda: world.deliver(world.delete(KEY))) == 2

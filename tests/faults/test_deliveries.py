"""Messages that come twice, late, in the wrong order or not at all: what S3, EventBridge and SQS may do to them."""

import json
from operator import itemgetter

import pytest

from support.aws.proxy import ALWAYS, passing_on
from support.aws.uploads_kind import (
    EVENTBRIDGE_UNVERSIONED,
    EVENTBRIDGE_VERSIONED,
    EVERY,
    NOTIFICATION_UNVERSIONED,
    NOTIFICATION_VERSIONED,
    OWN,
)
from support.command.convergence import assert_converged
from support.function.faulty import Faulty
from support.imaging.pictures import jpeg

pytestmark = pytest.mark.long

every_kind = pytest.mark.uploads_kinds(*EVERY)


def messages_of(faulty: Faulty, *colors: str) -> list[str]:
    """Upload images of these colors to one key, one after the other, and take the messages that S3 sends of them."""
    faulty.pause()
    for color in colors:
        faulty.upload("cat.jpg", jpeg(color=color))
    return taken(faulty, len(colors))


def taken(faulty: Faulty, count: int) -> list[str]:
    messages = faulty.messages(count)
    faulty.go_on()
    return messages


def naming(version_id: str | None, body: str) -> str:
    """An event of EventBridge that names a version, as S3's do: it has named none."""
    event = json.loads(body)
    assert "version-id" not in event["detail"]["object"]
    event["detail"]["object"]["version-id"] = version_id
    return json.dumps(event)


def deliver_one_by_one(faulty: Faulty, *bodies: str) -> None:
    for body in bodies:
        faulty.send(body)
        faulty.wait_until_idle()


@every_kind
def test_a_message_that_comes_twice_is_done_once(faulty: Faulty) -> None:
    [body] = messages_of(faulty, "red")

    deliver_one_by_one(faulty, body, body)

    faulty.check()
    assert [line["repeated"] for line in faulty.ended("cat.jpg")] == [False, True]


@every_kind
def test_messages_that_come_in_reverse_leave_the_newest_upload(faulty: Faulty) -> None:
    oldest, middle, newest = messages_of(faulty, "red", "blue", "red")

    deliver_one_by_one(faulty, newest, middle, oldest)

    faulty.check()
    assert faulty.outcomes("cat.jpg") == ["resized", "superseded", "superseded"]


@every_kind
def test_messages_that_come_late_and_in_order_leave_the_newest_upload(faulty: Faulty) -> None:
    """Where events name their version the older job knows that it is late; elsewhere both resize what is current."""
    older, newest = messages_of(faulty, "red", "blue")

    deliver_one_by_one(faulty, older, newest)

    faulty.check()
    assert faulty.outcomes("cat.jpg") == ["superseded" if faulty.kind.tells_versions else "resized", "resized"]


@pytest.mark.uploads_kinds(EVENTBRIDGE_VERSIONED)
def test_a_late_event_of_eventbridge_is_known_by_the_version_that_it_names(faulty: Faulty) -> None:
    """The emulator leaves out of it what S3 names in it: the test puts it in."""
    faulty.pause()
    versions = [faulty.upload("cat.jpg", jpeg(color=color)) for color in ("red", "blue")]
    bodies = [naming(version, body) for version, body in zip(versions, taken(faulty, 2), strict=True)]

    deliver_one_by_one(faulty, *bodies)

    assert faulty.dead_letters() == []
    assert_converged(faulty.pipeline, faulty.folder)
    assert faulty.outcomes("cat.jpg") == ["superseded", "resized"]


@every_kind
def test_a_deletion_that_comes_before_its_upload_wins(faulty: Faulty) -> None:
    faulty.pause()
    faulty.upload("cat.jpg", jpeg())
    faulty.delete("cat.jpg")
    upload, deletion = taken(faulty, 2)

    deliver_one_by_one(faulty, deletion, upload)

    faulty.check()
    assert faulty.outcomes("cat.jpg") == ["removed", "superseded"]


@pytest.mark.uploads_kinds(OWN, EVENTBRIDGE_VERSIONED, NOTIFICATION_VERSIONED)
def test_an_upload_whose_deletion_is_taken_back_is_there_though_the_deletion_comes_last(faulty: Faulty) -> None:
    """A bucket without versions takes nothing back."""
    faulty.pause()
    faulty.upload("cat.jpg", jpeg())
    faulty.restore("cat.jpg", faulty.delete("cat.jpg"))
    upload, deletion, return_ = taken(faulty, 3)

    deliver_one_by_one(faulty, return_, upload, deletion)

    faulty.check()
    assert faulty.outcomes("cat.jpg") == ["resized", "superseded", "superseded"]


@every_kind
def test_an_upload_that_comes_again_after_its_deletion_stays_deleted(faulty: Faulty) -> None:
    [upload] = messages_of(faulty, "red")
    deliver_one_by_one(faulty, upload)
    faulty.delete("cat.jpg")
    faulty.wait_until_done()

    deliver_one_by_one(faulty, upload)

    faulty.check()
    assert faulty.outcomes("cat.jpg") == ["resized", "removed", "superseded"]


@pytest.mark.uploads_kinds(OWN, EVENTBRIDGE_UNVERSIONED)
def test_a_message_that_comes_twice_at_once_is_done_by_whoever_is_faster(faulty: Faulty) -> None:
    [body] = messages_of(faulty, "red")

    with faulty.proxy.holding("PUT", faulty.manifest("cat.jpg")) as slower:
        faulty.send(body)
        slower.wait_for_request()
        faulty.send(body)
        faulty.wait_for_end("cat.jpg")

    faulty.check()
    assert [line["outcome"] for line in faulty.ended("cat.jpg")] == ["resized", "resized"]


def test_a_message_whose_deletion_fails_comes_again_and_is_left_alone(faulty: Faulty) -> None:
    """The emulator deletes in its own process, where nothing can fail: the message is sent again once it is done."""
    [body] = messages_of(faulty, "red")
    deliver_one_by_one(faulty, body)
    writes = faulty.proxy.on("PUT", "*", passing_on, times=ALWAYS)

    deliver_one_by_one(faulty, body)

    faulty.check()
    assert writes.met == 0


@every_kind
def test_messages_wait_while_nobody_can_receive_them(faulty: Faulty) -> None:
    """The emulator receives in its own process, where nothing can fail: its polling is off meanwhile."""
    faulty.pause()
    for color in ("red", "blue"):
        faulty.upload("cat.jpg", jpeg(color=color))

    faulty.go_on()

    faulty.check()
    older, newest = (line["outcome"] for line in sorted(faulty.ended("cat.jpg"), key=itemgetter("sequencer")))
    assert newest == "resized"
    assert older == "superseded" or not faulty.kind.tells_versions


@pytest.mark.uploads_kinds(OWN, NOTIFICATION_UNVERSIONED)
def test_an_event_of_several_records_does_the_job_of_each(faulty: Faulty) -> None:
    """EventBridge sends each event alone."""
    faulty.pause()
    for name in ("cat.jpg", "dog.jpg"):
        faulty.upload(name, jpeg())
    records = [record for body in taken(faulty, 2) for record in json.loads(body)["Records"]]

    faulty.send(json.dumps({"Records": records}))

    faulty.check()
    assert faulty.outcomes("cat.jpg") == faulty.outcomes("dog.jpg") == ["resized"]

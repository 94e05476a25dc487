"""Consumers that are overtaken, killed or too slow, at the requests where it hurts most."""

from collections.abc import Callable
from pathlib import Path

import pytest

from support.aws.proxy import doing_after, doing_first, staying_silent
from support.aws.uploads_kind import EVENTBRIDGE_UNVERSIONED, EVENTBRIDGE_VERSIONED, OWN
from support.command.polling import eventually
from support.function.faulty import FUNCTION_SECONDS, Faulty
from support.imaging.pictures import jpeg

pytestmark = pytest.mark.long

linux_only = pytest.mark.skipif(not Path("/proc").is_dir(), reason="finds processes through Linux's /proc")


def reads_original(faulty: Faulty) -> tuple[str, str]:
    return "GET", faulty.original("cat.jpg")


def writes_first_rendition(faulty: Faulty) -> tuple[str, str]:
    return "PUT", faulty.rendition("large", "cat.jpg")


def writes_last_rendition(faulty: Faulty) -> tuple[str, str]:
    return "PUT", faulty.rendition("keep", "cat.jpg", "jpg")


def writes_manifest(faulty: Faulty) -> tuple[str, str]:
    return "PUT", faulty.manifest("cat.jpg")


Moment = Callable[[Faulty], tuple[str, str]]
any_moment = pytest.mark.parametrize(
    "moment", [reads_original, writes_first_rendition, writes_last_rendition, writes_manifest]
)

by_notification_and_by_eventbridge = pytest.mark.uploads_kinds(OWN, EVENTBRIDGE_VERSIONED, EVENTBRIDGE_UNVERSIONED)


@by_notification_and_by_eventbridge
@any_moment
def test_a_consumer_that_a_newer_upload_overtakes_changes_nothing(moment: Moment, faulty: Faulty) -> None:
    with faulty.proxy.holding(*moment(faulty)) as older:
        faulty.upload("cat.jpg", jpeg(color="red"))
        older.wait_for_request()
        faulty.upload("cat.jpg", jpeg(color="blue"))
        faulty.wait_for_end("cat.jpg")

    faulty.check()
    assert faulty.outcomes("cat.jpg") == ["resized", "superseded"]


@by_notification_and_by_eventbridge
@any_moment
def test_a_consumer_whose_source_is_deleted_meanwhile_leaves_nothing(moment: Moment, faulty: Faulty) -> None:
    with faulty.proxy.holding(*moment(faulty)) as older:
        faulty.upload("cat.jpg", jpeg())
        older.wait_for_request()
        faulty.delete("cat.jpg")
        faulty.wait_for_end("cat.jpg")

    faulty.check()
    assert faulty.outcomes("cat.jpg") == ["removed", "superseded"]


@by_notification_and_by_eventbridge
def test_a_consumer_that_is_done_before_the_event_of_the_overwriting_comes_is_corrected_by_it(faulty: Faulty) -> None:
    with faulty.proxy.holding(*writes_manifest(faulty)) as older:
        faulty.upload("cat.jpg", jpeg(color="red"))
        older.wait_for_request()
        faulty.pause()
        faulty.upload("cat.jpg", jpeg(color="blue"))
    faulty.wait_for_end("cat.jpg")

    faulty.go_on()

    faulty.check()
    assert faulty.outcomes("cat.jpg") == ["resized", "resized"]


@linux_only
@any_moment
def test_a_consumer_killed_before_a_write_is_made_up_for_by_the_next(moment: Moment, faulty: Faulty) -> None:
    faulty.retry_after(2)
    death = faulty.proxy.on(*moment(faulty), doing_first(faulty.kill_workers))

    faulty.upload("cat.jpg", jpeg())

    faulty.check()
    assert death.met == 1
    assert set(faulty.outcomes("cat.jpg")) == {"resized"}  # a busy machine may be given it twice


@linux_only
def test_a_consumer_killed_after_its_last_write_has_done_the_job(faulty: Faulty) -> None:
    faulty.retry_after(2)
    faulty.proxy.on(*writes_manifest(faulty), doing_after(faulty.kill_workers))

    faulty.upload("cat.jpg", jpeg())

    faulty.check()
    assert {line["repeated"] for line in faulty.ended("cat.jpg")} == {True}  # a busy machine may be given it twice


@linux_only
def test_the_batch_mates_of_a_killed_consumer_are_all_done_in_the_end(faulty: Faulty) -> None:
    names = [f"{number}.jpg" for number in range(10)]
    faulty.retry_after(3)
    faulty.proxy.on("PUT", faulty.manifest("5.jpg"), doing_first(faulty.kill_workers))
    faulty.pause()
    for name in names:
        faulty.upload(name, jpeg())

    faulty.go_on()

    faulty.check()
    assert {name for name in names if faulty.ended(name)} == set(names)


def test_a_consumer_that_runs_into_its_timeout_is_made_up_for_by_the_next(faulty: Faulty) -> None:
    silence = faulty.proxy.on(*writes_manifest(faulty), staying_silent, times=3)

    faulty.upload("cat.jpg", jpeg())

    faulty.check()
    assert silence.met == 3
    timed_out = f"Task timed out after {FUNCTION_SECONDS}"
    eventually(lambda: any(timed_out in line.text for line in faulty.pipeline.function_log()))

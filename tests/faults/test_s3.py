"""S3 that refuses, breaks off, or says nothing: for a moment, and for as long as a job is tried."""

from collections.abc import Callable, Mapping, Sequence
from typing import TypeAlias

import pytest
from PIL import Image

from support.aws.proxy import (
    ALWAYS,
    Action,
    cutting_short,
    losing_the_answer,
    refusing,
    resetting,
    staying_silent,
)
from support.aws.uploads_kind import EVENTBRIDGE_UNVERSIONED, EVENTBRIDGE_VERSIONED, OWN
from support.function.faulty import Faulty
from support.imaging.images import encoded
from support.imaging.pictures import jpeg

pytestmark = pytest.mark.long

Request: TypeAlias = Callable[[Faulty, str], tuple[str, str]]

internal_error = refusing(500, "InternalError")
slow_down = refusing(503, "SlowDown")
access_denied = refusing(403, "AccessDenied")
conflict = refusing(409, "ConditionalRequestConflict")
already_there = refusing(412, "PreconditionFailed")


# What a job asks of S3 when it replaces an image by one of another format, in this order.


def reads_the_manifest(faulty: Faulty, name: str) -> tuple[str, str]:
    return "GET", faulty.manifest(name)


def reads_the_original(faulty: Faulty, name: str) -> tuple[str, str]:
    return "GET", faulty.original(name)


def overwrites_a_rendition(faulty: Faulty, name: str) -> tuple[str, str]:
    return "PUT", faulty.rendition("large", name)


def writes_a_rendition(faulty: Faulty, name: str) -> tuple[str, str]:
    return "PUT", faulty.rendition("keep", name, "png")


def writes_the_manifest(faulty: Faulty, name: str) -> tuple[str, str]:
    return "PUT", faulty.manifest(name)


def removes_an_old_rendition(faulty: Faulty, name: str) -> tuple[str, str]:
    return "DELETE", faulty.rendition("keep", name, "jpg")


def looks_at_the_original_again(faulty: Faulty, name: str) -> tuple[str, str]:
    return "HEAD", faulty.original(name)


READS = (reads_the_manifest, reads_the_original)
WRITES = (overwrites_a_rendition, writes_a_rendition, writes_the_manifest, removes_an_old_rendition)
EVERY = (*READS, *WRITES, looks_at_the_original_again)


@pytest.mark.uploads_kinds(OWN, EVENTBRIDGE_VERSIONED, EVENTBRIDGE_UNVERSIONED)
@pytest.mark.parametrize(
    ("fault", "requests"),
    [
        pytest.param(internal_error, EVERY, id="500"),
        pytest.param(slow_down, EVERY, id="503"),
        pytest.param(access_denied, EVERY, id="403"),
        pytest.param(conflict, WRITES, id="409"),
        pytest.param(already_there, WRITES, id="412"),
        pytest.param(resetting, EVERY, id="reset"),
        pytest.param(losing_the_answer, EVERY, id="answer-lost"),
        pytest.param(cutting_short, READS, id="cut-short"),
    ],
)
def test_a_fault_of_s3_that_passes_changes_nothing_whichever_request_it_meets(
    fault: Action, requests: Sequence[Request], faulty: Faulty
) -> None:
    names = {request.__name__: request for request in requests}
    upload_all(faulty, names, jpeg(color="red"))
    faulty.wait_until_done()
    faulty.retry_after(2)
    faults = [faulty.proxy.on(*request(faulty, name), fault) for name, request in names.items()]

    upload_all(faulty, names, encoded(Image.new("RGB", (64, 48), "blue")))

    faulty.check()
    assert [rule.met for rule in faults] == [1] * len(names)
    # A busy machine may be given a job twice.
    assert {name: set(faulty.outcomes(name)) for name in names} == {name: {"resized"} for name in names}


def test_an_s3_that_says_nothing_for_30_seconds_makes_a_job_late(faulty: Faulty) -> None:
    """The client gives up each request after ten seconds, and asks again."""
    silence = faulty.proxy.on(*writes_the_manifest(faulty, "cat.jpg"), staying_silent, times=3)

    faulty.upload("cat.jpg", jpeg())

    faulty.check()
    assert silence.met == 3


LASTING: Mapping[str, tuple[Action, Request]] = {
    "500": (internal_error, reads_the_original),
    "503": (slow_down, overwrites_a_rendition),
    "403": (access_denied, writes_the_manifest),
    "409": (conflict, overwrites_a_rendition),
    "reset": (resetting, reads_the_manifest),
    "cut-short": (cutting_short, reads_the_original),
}


@pytest.mark.uploads_kinds(OWN, EVENTBRIDGE_UNVERSIONED)
def test_a_fault_of_s3_that_lasts_makes_one_dead_letter_that_can_be_sent_again_once_it_is_over(faulty: Faulty) -> None:
    faulty.pause()
    upload_all(faulty, LASTING, jpeg())
    messages = faulty.messages(len(LASTING))
    faulty.retry_after(1)
    for name, (fault, request) in LASTING.items():
        faulty.proxy.on(*request(faulty, name), fault, times=ALWAYS)
    faulty.send(*messages)
    faulty.go_on()
    faulty.wait_until_idle()
    letters = faulty.dead_letters()
    faulty.proxy.forget()

    faulty.send(*letters)

    assert sorted(letters) == sorted(messages)
    faulty.check()
    assert {name for name in LASTING if "resized" in faulty.outcomes(name)} == set(LASTING)


def upload_all(faulty: Faulty, names: Mapping[str, object], body: bytes) -> None:
    for name in names:
        faulty.upload(name, body)

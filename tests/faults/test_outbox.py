"""Outcomes on their way to the queue of events: consumers that are killed there, and SQS that refuses them."""

import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from support.aws.proxy import ALWAYS, SENDS_MESSAGE, Action, doing_after, doing_first, losing_the_answer, refusing
from support.events.announced_pipeline import AnnouncedPipeline
from support.function.faulty import Faulty
from support.imaging.pictures import jpeg

pytestmark = pytest.mark.long

linux_only = pytest.mark.skipif(not Path("/proc").is_dir(), reason="finds processes through Linux's /proc")

# The tries of one call of the function's client: it takes as many refusals until a job fails.
_TRIES = 4


def writes_manifest(faulty: Faulty) -> tuple[str, str]:
    return "PUT", faulty.manifest("cat.jpg")


def announces(_faulty: Faulty) -> tuple[str, str]:
    return SENDS_MESSAGE


Moment = Callable[[Faulty], tuple[str, str]]
Doing = Callable[[Callable[[], object]], Action]


@linux_only
@pytest.mark.parametrize("doing", [doing_first, doing_after])
@pytest.mark.parametrize("moment", [writes_manifest, announces])
def test_an_outcome_whose_consumer_is_killed_before_or_after_its_manifest_or_its_announcement_is_announced(
    moment: Moment, doing: Doing, announced: AnnouncedPipeline
) -> None:
    faulty = announced.faulty
    faulty.retry_after(2)
    death = faulty.proxy.on(*moment(faulty), doing(faulty.kill_workers))

    faulty.upload("cat.jpg", jpeg())
    announced.wait_until_announced()

    faulty.check()
    assert death.met == 1
    assert announced.announced("cat.jpg") == [("resized", 1)]


@linux_only
def test_an_outcome_whose_consumer_is_killed_before_it_announces_is_announced_by_the_one_that_replaces_it(
    announced: AnnouncedPipeline,
) -> None:
    """The killed consumer's message comes back only after its successor is done."""
    faulty = announced.faulty
    killed = threading.Event()

    def kill() -> None:
        faulty.kill_workers()
        killed.set()

    faulty.proxy.on(*SENDS_MESSAGE, doing_first(kill))
    faulty.upload("cat.jpg", jpeg(color="red"))
    assert killed.wait(60)

    faulty.upload("cat.jpg", jpeg(color="blue"))
    faulty.wait_for_end("cat.jpg")
    by_successor = [each["outcome"] for each in faulty.ended("cat.jpg")]
    announced.wait_until_announced()

    faulty.check()
    assert by_successor == ["resized"]
    assert announced.announced("cat.jpg") == [("resized", 1), ("resized", 2)]


def test_an_outcome_that_sqs_refuses_is_announced_when_its_job_is_tried_again(announced: AnnouncedPipeline) -> None:
    faulty = announced.faulty
    refusal = faulty.proxy.on(*SENDS_MESSAGE, refusing(503, "ServiceUnavailable"), times=_TRIES)

    faulty.upload("cat.jpg", jpeg())
    announced.wait_until_announced()

    faulty.check()
    assert refusal.met == _TRIES
    assert announced.announced("cat.jpg") == [("resized", 1)]


def test_an_announcement_whose_answer_is_lost_is_one_event(announced: AnnouncedPipeline) -> None:
    faulty = announced.faulty
    lost = faulty.proxy.on(*SENDS_MESSAGE, losing_the_answer)

    faulty.upload("cat.jpg", jpeg())
    announced.wait_until_announced()

    faulty.check()
    assert lost.met == 1
    assert [each["subject"] for each in announced.log.read()].count(faulty.key("cat.jpg")) == 1


def test_an_outcome_that_sqs_never_takes_is_a_dead_letter_and_announced_when_that_is_sent_again(
    announced: AnnouncedPipeline,
) -> None:
    faulty = announced.faulty
    faulty.proxy.on(*SENDS_MESSAGE, refusing(403, "AccessDenied"), times=ALWAYS)
    faulty.upload("cat.jpg", jpeg())
    faulty.wait_until_idle()
    [dead] = faulty.dead_letters()
    before = announced.announced("cat.jpg")

    faulty.proxy.forget()
    faulty.send(dead)
    announced.wait_until_announced()

    assert before == []
    assert announced.announced("cat.jpg") == [("resized", 1)]

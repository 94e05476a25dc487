"""Too little of the function's time for one more image: the job is released for retry at once, and done soon."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from resize.settings import Settings
from support.aws.proxy import ALWAYS, passing_on, staying_silent
from support.command.polling import eventually
from support.function.faulty import Faulty, faulty_pipeline, logged
from support.imaging.pictures import jpeg

pytestmark = pytest.mark.long

# S3's client waits ten seconds for an answer. So long into an invocation fewer than 17 are left, and a job is begun
# with no fewer than 19: ten are for storage, and nine for an image, three times render_seconds. The nine that it may
# take to set when the job is tried again are left, too.
FUNCTION_SECONDS = 27
# What is not released within the invocation comes back after the test has failed.
LONG_SECONDS = 3600


@pytest.fixture
def hurried(assembly: Path, tmp_path: Path) -> Iterator[Faulty]:
    """A pipeline of whose function's time the first silence of S3 leaves too little."""
    with faulty_pipeline(assembly, tmp_path / "emulator.log", function_seconds=FUNCTION_SECONDS) as made:
        made.retry_after(LONG_SECONDS)
        yield made


def released(hurried: Faulty) -> list[str]:
    """The keys of the jobs that were released, and nothing else went wrong."""
    log = [line.text for line in hurried.pipeline.function_log()]
    assert not [text for text in log if '"job failed"' in text or "Task timed out" in text or '"retry not set"' in text]
    return sorted(line["key"] for line in logged(hurried.pipeline, "job handed back"))


def test_a_job_whose_source_was_read_too_late_is_released_and_done_by_another_invocation(hurried: Faulty) -> None:
    silence = hurried.proxy.on("GET", hurried.original("cat.jpg"), staying_silent)

    hurried.upload("cat.jpg", jpeg())

    hurried.check()
    assert silence.met == 1
    assert released(hurried) == ["cat.jpg"]
    assert hurried.outcomes("cat.jpg") == ["resized"]


def test_jobs_of_a_batch_that_are_not_begun_in_time_are_released_and_done_by_another_invocation(
    hurried: Faulty,
) -> None:
    names = [f"{number}.jpg" for number in range(10)]
    at_once = Settings.from_environment(hurried.pipeline.function_environment()).jobs_at_once
    reads = hurried.proxy.on("GET", hurried.original("*"), passing_on, times=ALWAYS)
    silence = hurried.proxy.on("PUT", hurried.manifest("*"), staying_silent, times=at_once)
    hurried.pause()
    for name in names:
        hurried.upload(name, jpeg())
    eventually(lambda: hurried.waiting() == len(names))

    hurried.go_on()

    hurried.check()
    late = released(hurried)
    assert silence.met == at_once
    assert len(late) == len(set(late)) == len(names) - at_once
    assert reads.met == len(names)
    assert {name: hurried.outcomes(name) for name in names} == {name: ["resized"] for name in names}

"""A job that was not done is tried again at the pace of the fault, not at that of the visibility timeout."""

import json

import pytest

from support.aws.proxy import refusing, staying_silent
from support.function.faulty import Faulty
from support.imaging.pictures import jpeg

# Longer than any test waits.
LONG_SECONDS = 3600


def test_a_job_that_fails_is_tried_again_soon(faulty: Faulty) -> None:
    faulty.retry_after(LONG_SECONDS)
    refusal = faulty.proxy.on("PUT", faulty.manifest("cat.jpg"), refusing(403, "AccessDenied"), times=1)

    faulty.upload("cat.jpg", jpeg())

    faulty.check()
    assert refusal.met == 1
    assert faulty.outcomes("cat.jpg") == ["resized"]


@pytest.mark.long
def test_a_job_that_is_handed_back_is_tried_again_soon(faulty: Faulty) -> None:
    """S3 says nothing until too little of the function's time is left to begin rendering."""
    faulty.retry_after(LONG_SECONDS)
    faulty.proxy.on("GET", faulty.original("cat.jpg"), staying_silent, times=1)

    faulty.upload("cat.jpg", jpeg())

    faulty.check()
    assert faulty.outcomes("cat.jpg") == ["resized"]
    lines = [json.loads(line.text) for line in faulty.pipeline.function_log() if '"job handed back"' in line.text]
    assert faulty.key("cat.jpg") in {line["key"] for line in lines}

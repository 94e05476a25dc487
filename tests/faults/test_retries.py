"""A job that was not done is tried again at the pace of the fault, not at that of the visibility timeout."""

import pytest

from support.aws.proxy import refusing
from support.aws.uploads_kind import EVENTBRIDGE_UNVERSIONED, NOTIFICATION_UNVERSIONED, OWN
from support.function.faulty import Faulty
from support.imaging.pictures import jpeg

# Longer than any test waits.
LONG_SECONDS = 3600


@pytest.mark.uploads_kinds(OWN, EVENTBRIDGE_UNVERSIONED, NOTIFICATION_UNVERSIONED)
def test_a_job_that_fails_is_tried_again_soon(faulty: Faulty) -> None:
    faulty.retry_after(LONG_SECONDS)
    refusal = faulty.proxy.on("PUT", faulty.manifest("cat.jpg"), refusing(403, "AccessDenied"), times=1)

    faulty.upload("cat.jpg", jpeg())

    faulty.check()
    assert refusal.met == 1
    assert faulty.outcomes("cat.jpg") == ["resized"]

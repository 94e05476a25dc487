"""What became a dead letter is told with its reason, from what the function leaves behind in its log."""

from pathlib import Path

import pytest

from darkroom.dlq.dead_letters import read_dead_letters
from darkroom.dlq.queue import DeadLetterQueue
from support.aws.proxy import doing_first
from support.aws.uploads_kind import EVENTBRIDGE_UNVERSIONED, OWN
from support.command.polling import eventually
from support.function.faulty import Faulty
from support.imaging.pictures import jpeg

linux_only = pytest.mark.skipif(not Path("/proc").is_dir(), reason="finds processes through Linux's /proc")


@linux_only
@pytest.mark.long
@pytest.mark.uploads_kinds(OWN, EVENTBRIDGE_UNVERSIONED)
def test_a_dead_letter_is_told_with_the_error_of_its_job_or_as_cut_short(faulty: Faulty) -> None:
    faulty.retry_after(2)
    faulty.proxy.on("PUT", faulty.manifest("cat.jpg"), doing_first(faulty.kill_workers), times=20)
    faulty.upload("cat.jpg", jpeg())
    faulty.send("no JSON")
    queue = DeadLetterQueue(faulty.pipeline)
    eventually(lambda: queue.count() == 2)

    messages = {message.body == "no JSON": message for message in read_dead_letters(faulty.pipeline, limit=10)}

    assert (messages[True].cause.code, messages[True].uploads) == ("MessageRefusedError", ())
    assert messages[True].cause.detail == "not JSON: 'no JSON'"
    assert messages[False].cause.code == "cut_short"
    assert [upload.key for upload in messages[False].uploads] == [faulty.key("cat.jpg")]

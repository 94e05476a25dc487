"""Messages that are no jobs of this queue: a person must see them, and no other job may suffer."""

import json

import pytest

from support.aws.uploads_kind import EVENTBRIDGE_UNVERSIONED, NOTIFICATION_UNVERSIONED, OWN
from support.function.events import eventbridge_event, s3_body, s3_record
from support.function.faulty import Faulty
from support.imaging.pictures import jpeg

pytestmark = pytest.mark.long

NO_JOBS = {
    "is not JSON": "no JSON",
    "is JSON of another shape": json.dumps({"detail-type": "Object Created", "detail": {"object": {"key": "cat.jpg"}}}),
    "is a JSON list": "[]",
    "has a record of another shape": json.dumps({"Records": [{"eventVersion": "2.6"}]}),
    "is about another bucket": s3_body(s3_record(bucket="elsewhere")),
    "is EventBridge's, about another bucket": json.dumps(eventbridge_event(bucket="elsewhere")),
    "is EventBridge's, of another kind": json.dumps(eventbridge_event(detail_type="Object Tags Added")),
    "is EventBridge's, of another service": json.dumps(eventbridge_event() | {"source": "aws.ec2"}),
}


@pytest.mark.uploads_kinds(OWN, EVENTBRIDGE_UNVERSIONED)
def test_a_message_that_is_no_job_becomes_a_dead_letter_and_its_batch_mates_are_done(faulty: Faulty) -> None:
    faulty.retry_after(1)
    faulty.pause()
    faulty.upload("cat.jpg", jpeg())
    faulty.send(*NO_JOBS.values())

    faulty.go_on()

    faulty.wait_until_idle()
    assert sorted(faulty.dead_letters()) == sorted(NO_JOBS.values())
    faulty.check()
    assert set(faulty.outcomes("cat.jpg")) == {"resized"}  # a busy machine may be given it twice


@pytest.mark.uploads_kinds(OWN, NOTIFICATION_UNVERSIONED)
def test_a_message_of_which_one_record_is_of_another_bucket_becomes_a_dead_letter_though_the_other_is_done(
    faulty: Faulty,
) -> None:
    faulty.retry_after(1)
    faulty.pause()
    faulty.upload("cat.jpg", jpeg())
    [body] = faulty.messages(1)
    mixed = s3_body(*json.loads(body)["Records"], s3_record(bucket="elsewhere"))
    faulty.send(mixed)

    faulty.go_on()

    faulty.wait_until_idle()
    assert faulty.dead_letters() == [mixed]
    faulty.check()
    assert set(faulty.outcomes("cat.jpg")) == {"resized"}  # a busy machine may be given it twice

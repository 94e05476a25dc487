"""A fuzzing target: every SQS body is uploads or refused. Run by `make fuzz`, and for a short time by a test."""

import json
import sys

from faults.fuzzing import fuzz, instrument
from support.function.events import eventbridge_event, s3_body, s3_record

instrument("contract.message_body", "contract.fields", "contract.s3_notification", "contract.eventbridge_event")

from contract.errors import MessageRefusedError  # noqa: E402 - instrumented first
from contract.events import ObjectEvent  # noqa: E402 - the same
from contract.message_body import parse_body  # noqa: E402 - the same

SEEDS = [
    s3_body(s3_record()),
    s3_body(s3_record("ünï+c%20de/…", version_id="v1"), s3_record(event="ObjectRemoved:Delete")),
    s3_body(s3_record(event="ObjectRemoved:DeleteMarkerCreated", sequencer="ff" * 16)),
    s3_body(s3_record(event="LifecycleExpiration:DeleteMarkerCreated")),
    json.dumps(eventbridge_event("ünï+c%20de/…", version_id="v1")),
    json.dumps(eventbridge_event(detail_type="Object Deleted", deletion_type="Delete Marker Created")),
    '{"Event": "s3:TestEvent"}',
    '{"Records": [{"eventVersion": "2.1", "s3": null}]}',
    "[" * 2_000,
]


def parses_or_refuses(body: bytes) -> None:
    try:
        uploads = parse_body(body.decode(errors="surrogateescape"))
    except MessageRefusedError as refused:
        str(refused).encode(errors="backslashreplace")
    else:
        assert all(isinstance(upload, ObjectEvent) for upload in uploads)
        assert all(upload.key.encode() for upload in uploads)


if __name__ == "__main__":
    fuzz(parses_or_refuses, [seed.encode() for seed in SEEDS], int(sys.argv[1]))

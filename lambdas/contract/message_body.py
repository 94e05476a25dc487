"""Parse the events about objects in an SQS message body."""

from contract.errors import MessageRefusedError
from contract.eventbridge_event import parse_delivered
from contract.events import ObjectEvent
from contract.fields import parse_object, shown
from contract.s3_notification import parse_record


def parse_body(body: str) -> tuple[ObjectEvent, ...]:
    """Read the uploads that a message is about.

    None for the test event that S3 sends when it is wired to the queue. S3 sends it itself, or EventBridge does:
    whichever it is shows in the message.

    Raises:
        MessageRefusedError: the body is not an S3 event, or not one of a kind that this pipeline asks for.
    """
    message = parse_object(body)
    if message.get("Event") == "s3:TestEvent":
        return ()
    if "detail-type" in message:
        return (parse_delivered(message),)
    records = message.get("Records")
    if not isinstance(records, list) or not records:
        raise MessageRefusedError(f"not an S3 event, it has no list of Records: {shown(body)}")
    return tuple(parse_record(record) for record in records)

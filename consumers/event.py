"""One record of the topic, and the event in it.

A CloudEvent whose data is a key's manifest (docs/events.md).
"""

import base64
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Self

_TYPE = re.compile(r"io\.darkroom\.image\.(resized|rejected|removed)\.v1")
_ID = re.compile(r"[!-~]{1,256}")  # it goes into a header of a callback
_SEQUENCER = re.compile(r"[0-9A-Fa-f]{1,64}")
_REVISION = re.compile(r"[0-9]{1,20}")


class NotAnEventError(ValueError):
    """What a record holds is no event that this reader knows.

    A later version's, or somebody else's.
    """


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """What stands at one offset of a partition.

    `value` is None where it is a tombstone of a compacted topic.
    """

    partition: int
    offset: int
    value: bytes | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """An outcome of a key; `data` is the manifest.

    `revision` counts the outcomes that the key has had. `sequence` orders the events of one key, compared as text: S3's
    sequencer, then the revision, which begins again once a removed key's manifest has expired. Revision 0 stood there
    before events were turned on.
    """

    id: str
    outcome: str
    key: str
    sequence: str
    revision: int
    time: str
    data: Mapping[str, Any]

    @classmethod
    def from_json(cls, value: bytes | None) -> Self:
        """Read an event, whatever members a later version has added.

        Raises:
            NotAnEventError: it is none, or of a type that is not known here.
        """
        try:
            members = json.loads(value or b"")
            json.dumps(members, ensure_ascii=False).encode()  # half a surrogate pair is no text that can be stored
        except (ValueError, RecursionError):  # a UnicodeError is a ValueError
            raise NotAnEventError("not JSON") from None
        if not isinstance(members, dict) or not isinstance(members.get("data"), dict):
            raise NotAnEventError("no CloudEvent with data")
        kind = _TYPE.fullmatch(str(members.get("type")))
        if not kind:
            raise NotAnEventError(f"of type {members.get('type')!r}")
        if not _ID.fullmatch(identity := _text(members, "id")):
            raise NotAnEventError(f"its id is {identity!r}")
        revision = _text(members, "sequence")
        if not _REVISION.fullmatch(revision):
            raise NotAnEventError(f"its sequence is {revision!r}")
        return cls(
            id=identity,
            outcome=kind[1],
            key=_text(members, "subject"),
            sequence=f"{_sequencer(members['data']).upper():0<64}-{revision:0>20}",
            revision=int(revision),
            time=_text(members, "time"),
            data=members["data"],
        )


def _text(members: Mapping[str, Any], name: str) -> str:
    text = members.get(name)
    if not isinstance(text, str) or not text:
        raise NotAnEventError(f"its {name} is {text!r}")
    return text


def _sequencer(manifest: Mapping[str, Any]) -> str:
    """Read S3's order of a key's uploads: "right pad the shorter value with zeros", says its user guide."""
    source = manifest.get("source")
    sequencer = source.get("sequencer") if isinstance(source, dict) else None
    if not isinstance(sequencer, str) or not _SEQUENCER.fullmatch(sequencer):
        raise NotAnEventError(f"its source's sequencer is {sequencer!r}")
    return sequencer


def records_of(invocation: Mapping[str, Any]) -> Iterator[Record]:
    """Read what Lambda hands to a function whose event source is a topic.

    It is one of MSK or of any other Kafka.

    Source: docs.aws.amazon.com/lambda/latest/dg/with-msk.html, "Example event"; a partition's order is the log's.
    """
    for records in invocation["records"].values():
        for each in records:
            value = each.get("value")
            yield Record(
                partition=each["partition"],
                offset=each["offset"],
                value=None if value is None else base64.b64decode(value),
            )

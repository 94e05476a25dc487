"""Read typed fields of a message that anyone may have written."""

import json
import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from contract.errors import MessageRefusedError
from contract.keys import MAX_KEY_BYTES

_SEQUENCER = re.compile(r"[0-9A-F]{1,64}")
_SHOWN_CHARACTERS = 200


def parse_object(text: str) -> Mapping[str, Any]:
    """Read a JSON object, or refuse the message.

    So do all of these functions, with what they found in its place.
    """
    try:
        message = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise MessageRefusedError(f"not JSON: {shown(text)}") from error
    if not isinstance(message, dict):
        raise MessageRefusedError(f"not a JSON object: {shown(text)}")
    return message


def object_in(container: object, name: str) -> Mapping[str, Any]:
    """Read an object that is a member of another."""
    value = container.get(name) if isinstance(container, dict) else None
    if not isinstance(value, dict):
        raise MessageRefusedError(f"no object {name!r} in {shown(container)}")
    return value


def text_in(container: object, name: str) -> str:
    """Read a text that is not empty."""
    value = container.get(name) if isinstance(container, dict) else None
    if not isinstance(value, str) or not value:
        raise MessageRefusedError(f"no text {name!r} in {shown(container)}")
    return value


def parse_time(text: str) -> datetime:
    """Read a time that names its zone."""
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        raise MessageRefusedError(f"time {shown(text)}: not a time as ISO 8601 writes it") from None
    if time.tzinfo is None:
        raise MessageRefusedError(f"time {shown(text)}: it names no time zone")
    return time


def parse_sequencer(sequencer: str) -> str:
    """Read a sequencer, in capitals."""
    if not _SEQUENCER.fullmatch(sequencer.upper()):
        raise MessageRefusedError(f"sequencer {shown(sequencer)}: not a hexadecimal string")
    return sequencer.upper()


def checked_key(key: str, written: str) -> str:
    """Give a key that S3 can have, which was written so in the message."""
    try:
        length = len(key.encode())
    except UnicodeError:
        raise MessageRefusedError(f"key {shown(written)}: not UTF-8") from None
    if not 1 <= length <= MAX_KEY_BYTES:
        raise MessageRefusedError(f"key {shown(written)}: {length} bytes, S3's keys have 1 to {MAX_KEY_BYTES}")
    return key


def shown(value: object) -> str:
    """Show a value in an error, cut short."""
    text = repr(value)
    return text if len(text) <= _SHOWN_CHARACTERS else f"{text[:_SHOWN_CHARACTERS]}…"

"""The EventBridge pattern of what happens to some keys of a bucket."""

import json
from collections.abc import Sequence
from typing import Any

from contract.eventbridge_event import CREATED, DELETED, EVENT_SOURCE

# Unless AWS has granted the account more: docs.aws.amazon.com/eventbridge/latest/userguide/eb-quota.html
MAX_PATTERN_CHARACTERS = 2048


def event_pattern(bucket: str, prefixes: Sequence[str]) -> dict[str, Any]:
    """Write the pattern of keys that start with a prefix.

    All keys start with an empty one.
    """
    detail: dict[str, Any] = {"bucket": {"name": [bucket]}}
    if "" not in prefixes:
        detail["object"] = {"key": [{"prefix": prefix} for prefix in prefixes]}
    return {"source": [EVENT_SOURCE], "detail-type": [CREATED, DELETED], "detail": detail}


def fits_rule(bucket: str, prefixes: Sequence[str]) -> bool:
    """Tell whether one rule has room for the pattern."""
    return len(json.dumps(event_pattern(bucket, prefixes), separators=(",", ":"))) <= MAX_PATTERN_CHARACTERS

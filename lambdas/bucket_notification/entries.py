"""A stack's entries among the notifications of a bucket that others configure too."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import unquote_plus

from contract.events import NOTIFIED_EVENTS

# docs.aws.amazon.com/general/latest/gr/s3.html#limits_s3
MAX_NOTIFICATIONS = 100
# The lists of GetBucketNotificationConfiguration, and what an entry of each calls its destination:
# docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketNotificationConfiguration.html
_QUEUES = "QueueConfigurations"
_DESTINATIONS = {
    _QUEUES: "QueueArn",
    "TopicConfigurations": "TopicArn",
    "LambdaFunctionConfigurations": "LambdaFunctionArn",
}

_NARROW = 'Remove that notification or narrow it, or set notified_by to "eventbridge", which stands beside it.'


class OverlapError(Exception):
    """The entries of others leave no room for ours.

    `what` names one of theirs, `advice` says what to do.
    """

    def __init__(self, what: str, advice: str) -> None:
        super().__init__(f"{what} {advice}")
        self.what = what
        self.advice = advice


def entries_for(owner: str, queue_arn: str, prefixes: Sequence[str]) -> list[dict[str, Any]]:
    """Write an entry for the keys of each prefix.

    Their ids are always the same.
    """
    return [
        {"Id": f"{owner}-{place}", "QueueArn": queue_arn, "Events": [*NOTIFIED_EVENTS], **_filter(prefix)}
        for place, prefix in enumerate(prefixes)
    ]


def without(owner: str, configured: Mapping[str, Any]) -> dict[str, Any]:
    """Leave out a stack's entries.

    All else stays to the letter, EventBridge's switch too.
    """
    kept = {name: value for name, value in configured.items() if name.endswith(("Configuration", "Configurations"))}
    others = [entry for entry in kept.pop(_QUEUES, ()) if not str(entry.get("Id", "")).startswith(f"{owner}-")]
    return {**kept, **({_QUEUES: others} if others else {})}


def with_entries(bucket: str, others: Mapping[str, Any], ours: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Put a stack's entries beside those of others.

    Raises:
        OverlapError: S3 would refuse it.
    """
    theirs = [(kind, entry) for kind in _DESTINATIONS for entry in others.get(kind, ())]
    for kind, entry in theirs:
        for own in ours:
            for event in _shared_events(own, entry):
                raise OverlapError(_described(bucket, event, entry, entry[_DESTINATIONS[kind]]), _NARROW)
    if len(theirs) + len(ours) > MAX_NOTIFICATIONS:
        raise OverlapError(
            f"{bucket} has {len(theirs)} notifications, and with {len(ours)} more they are over the "
            f"{MAX_NOTIFICATIONS} that S3 takes.",
            'Remove some, or set notified_by to "eventbridge", which needs none.',
        )
    return {**others, _QUEUES: [*others.get(_QUEUES, ()), *ours]}


def _shared_events(own: Mapping[str, Any], other: Mapping[str, Any]) -> Iterator[str]:
    """Find the events of the other entry that some key would send to both: S3 allows an event one destination.

    docs.aws.amazon.com/AmazonS3/latest/userguide/notification-how-to-filtering.html
    """
    (prefix, suffix), (their_prefix, their_suffix) = _affixes(own), _affixes(other)
    starts = prefix.startswith(their_prefix) or their_prefix.startswith(prefix)
    ends = suffix.endswith(their_suffix) or their_suffix.endswith(suffix)
    if starts and ends:
        yield from (event for event in other["Events"] if any(_is_same(event, mine) for mine in own["Events"]))


def _is_same(one: str, other: str) -> bool:
    """Tell whether something can be both events, of which each may end with a wildcard."""
    return any(
        first == second or (first.endswith("*") and second.startswith(first[:-1]))
        for first, second in ((one, other), (other, one))
    )


def _affixes(entry: Mapping[str, Any]) -> tuple[str, str]:
    """Read with what keys start and end, which may be written in percent-encoding."""
    rules = entry.get("Filter", {}).get("Key", {}).get("FilterRules", ())
    found = {str(rule["Name"]).lower(): unquote_plus(str(rule["Value"])) for rule in rules}
    return found.get("prefix", ""), found.get("suffix", "")


def _filter(prefix: str) -> dict[str, Any]:
    return {"Filter": {"Key": {"FilterRules": [{"Name": "prefix", "Value": prefix}]}}} if prefix else {}


def _described(bucket: str, event: str, entry: Mapping[str, Any], destination: str) -> str:
    prefix, suffix = _affixes(entry)
    keys = " and ".join(
        [*([f"start with {prefix!r}"] if prefix else []), *([f"end with {suffix!r}"] if suffix else [])]
    )
    return (
        f"{bucket} sends {event} of {f'keys that {keys}' if keys else 'every key'} to {destination} already, by its "
        f"notification {entry.get('Id', '')!r}, and S3 sends an event of a key to one destination alone."
    )

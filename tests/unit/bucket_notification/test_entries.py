"""Entries of a stack among the notifications of others, and when S3 would refuse the two together.

moto and the emulator take whatever overlaps, so the rule of S3 is held here alone:
docs.aws.amazon.com/AmazonS3/latest/userguide/notification-how-to-filtering.html
"""

from typing import Any

import pytest

from bucket_notification.entries import MAX_NOTIFICATIONS, OverlapError, entries_for, with_entries, without

QUEUE = "arn:aws:sqs:eu-west-1:123456789012:Darkroom-jobs-1"
TOPIC = "arn:aws:sns:eu-west-1:123456789012:theirs"
OWNER = "Darkroom-jobs-1"


def theirs(*events: str, prefix: str | None = None, suffix: str | None = None, prefix_name: str = "Prefix") -> Any:
    """An entry of somebody else's, as S3 describes it."""
    rules = [
        {"Name": name, "Value": value}
        for name, value in ((prefix_name, prefix), ("Suffix", suffix))
        if value is not None
    ]
    return {"Id": "thumbs", "TopicArn": TOPIC, "Events": [*events]} | (
        {"Filter": {"Key": {"FilterRules": rules}}} if rules else {}
    )


def together(entry: Any, *prefixes: str) -> dict[str, Any]:
    return with_entries("photos", {"TopicConfigurations": [entry]}, entries_for(OWNER, QUEUE, prefixes))


def test_each_prefix_has_an_entry_with_every_event_and_an_id_that_stays() -> None:
    assert entries_for(OWNER, QUEUE, ["a/", "b/"]) == entries_for(OWNER, QUEUE, ("a/", "b/"))
    first, second = entries_for(OWNER, QUEUE, ["a/", "b/"])
    assert first == {
        "Id": "Darkroom-jobs-1-0",
        "QueueArn": QUEUE,
        "Events": ["s3:ObjectCreated:*", "s3:ObjectRemoved:*", "s3:LifecycleExpiration:DeleteMarkerCreated"],
        "Filter": {"Key": {"FilterRules": [{"Name": "prefix", "Value": "a/"}]}},
    }
    assert second["Id"] == "Darkroom-jobs-1-1"
    assert "Filter" not in entries_for(OWNER, QUEUE, [""])[0]


CONFIGURED: dict[str, Any] = {
    "ResponseMetadata": {"HTTPStatusCode": 200},
    "TopicConfigurations": [theirs("s3:ObjectCreated:Put", prefix="docs/")],
    "QueueConfigurations": [
        {"Id": "b25l", "QueueArn": QUEUE, "Events": ["s3:ObjectTagging:*"]},
        *entries_for("Darkroom-jobs-12", QUEUE, ["x/"]),
    ],
    "LambdaFunctionConfigurations": [
        {"Id": "2", "LambdaFunctionArn": "arn:aws:lambda:…", "Events": ["s3:ObjectRestore:*"]}
    ],
    "EventBridgeConfiguration": {},
}


def test_what_others_have_stays_to_the_letter_when_ours_come_and_go() -> None:
    others = {name: value for name, value in CONFIGURED.items() if name != "ResponseMetadata"}

    with_ours = with_entries("photos", without(OWNER, CONFIGURED), entries_for(OWNER, QUEUE, ["shop/"]))

    assert with_ours["QueueConfigurations"][:2] == CONFIGURED["QueueConfigurations"]
    assert with_ours["QueueConfigurations"][2]["Id"] == "Darkroom-jobs-1-0"
    assert without(OWNER, with_ours) == others


def test_ours_are_replaced_whatever_prefixes_they_had() -> None:
    before = with_entries("photos", {}, entries_for(OWNER, QUEUE, ["a/", "b/", "c/"]))

    assert without(OWNER, before) == {}


@pytest.mark.parametrize(
    ("entry", "prefix"),
    [
        (theirs("s3:ObjectCreated:*"), ""),
        (theirs("s3:ObjectCreated:*"), "shop/"),
        (theirs("s3:ObjectCreated:Put"), "shop/"),
        (theirs("s3:ObjectTagging:*", "s3:ObjectCreated:CompleteMultipartUpload"), "shop/"),
        (theirs("s3:ObjectRemoved:Delete"), "shop/"),
        (theirs("s3:LifecycleExpiration:*"), "shop/"),
        (theirs("s3:LifecycleExpiration:DeleteMarkerCreated"), "shop/"),
        (theirs("s3:ObjectCreated:*", prefix="shop/new/"), "shop/"),
        (theirs("s3:ObjectCreated:*", prefix="sh"), "shop/"),
        (theirs("s3:ObjectCreated:*", prefix="docs/"), ""),
        (theirs("s3:ObjectCreated:*", prefix="shop/", prefix_name="prefix"), "shop/"),
        (theirs("s3:ObjectCreated:*", prefix="shop%2Fnew"), "shop/"),
        (theirs("s3:ObjectCreated:*", suffix=".jpg"), "shop/"),
        (theirs("s3:ObjectCreated:*", prefix="shop/", suffix=".jpg"), ""),
        (theirs("s3:ObjectCreated:*", prefix=""), "shop/"),
    ],
)
def test_what_some_key_would_send_to_two_places_is_refused(entry: Any, prefix: str) -> None:
    with pytest.raises(OverlapError):
        together(entry, prefix)


@pytest.mark.parametrize(
    ("entry", "prefix"),
    [
        (theirs("s3:ObjectCreated:*", prefix="docs/"), "shop/"),
        (theirs("s3:ObjectCreated:*", prefix="shop-old/"), "shop/"),
        (theirs("s3:ObjectCreated:*", prefix="docs/", suffix=".jpg"), "shop/"),
        (theirs("s3:ObjectTagging:*", "s3:ObjectRestore:Completed"), ""),
        (theirs("s3:LifecycleExpiration:Delete"), ""),
        (theirs("s3:ReducedRedundancyLostObject"), ""),
    ],
)
def test_what_no_key_would_send_to_two_places_is_taken(entry: Any, prefix: str) -> None:
    assert together(entry, prefix)["TopicConfigurations"] == [entry]


def test_the_refusal_names_the_bucket_the_event_the_keys_the_destination_and_what_to_do() -> None:
    with pytest.raises(OverlapError) as refused:
        together(theirs("s3:ObjectCreated:Put", prefix="shop/", suffix=".png"), "avatars/", "shop/")

    assert str(refused.value) == (
        f"photos sends s3:ObjectCreated:Put of keys that start with 'shop/' and end with '.png' to {TOPIC} already, by "
        "its notification 'thumbs', and S3 sends an event of a key to one destination alone. Remove that notification "
        'or narrow it, or set notified_by to "eventbridge", which stands beside it.'
    )


@pytest.mark.parametrize("kind", ["QueueConfigurations", "LambdaFunctionConfigurations"])
def test_queues_and_functions_are_destinations_too(kind: str) -> None:
    arn = {"QueueConfigurations": "QueueArn", "LambdaFunctionConfigurations": "LambdaFunctionArn"}[kind]
    entry = {"Id": "1", arn: "arn:theirs", "Events": ["s3:ObjectRemoved:*"]}

    with pytest.raises(OverlapError, match="of every key to arn:theirs already"):
        with_entries("photos", {kind: [entry]}, entries_for(OWNER, QUEUE, ["shop/"]))


def test_eventbridge_overlaps_with_nothing() -> None:
    assert "QueueConfigurations" in with_entries(
        "photos", {"EventBridgeConfiguration": {}}, entries_for(OWNER, QUEUE, [""])
    )


def test_more_than_s3_takes_is_refused_with_both_counts() -> None:
    many = {
        "TopicConfigurations": [theirs("s3:ObjectTagging:*", prefix=f"{place}/") for place in range(MAX_NOTIFICATIONS)]
    }

    with pytest.raises(OverlapError, match=r"photos has 100 notifications, and with 1 more they are over the 100"):
        with_entries("photos", many, entries_for(OWNER, QUEUE, [""]))

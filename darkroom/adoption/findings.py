"""Say what a bucket's configuration means for a pipeline."""

from collections.abc import Iterator, Mapping
from typing import Any

from darkroom.adoption.bucket import BucketConfiguration
from darkroom.adoption.census import Census
from darkroom.doctor.existing_buckets.bucket_notifications import room_among
from darkroom.doctor.existing_buckets.eventbridge import SWITCH, switch_on
from darkroom.doctor.existing_buckets.location import judge_region
from darkroom.doctor.findings import Finding, fault, ok, warning
from stacks.config.config import Config

_ARCHIVES = {"GLACIER", "DEEP_ARCHIVE"}


def judge(bucket: BucketConfiguration, census: Census, *, region: str, config: Config) -> Iterator[Finding]:
    """Judge a bucket for a stack in this region.

    A fault keeps it from working, a warning is to be known before.
    """
    yield judge_region(bucket.name, bucket.region, region)
    if "s3:GetBucketNotification" not in bucket.unread:
        yield _judge_notifier(bucket, config)
    yield from _judge_others(bucket.notifications)
    yield from _judge_versions(bucket)
    yield from _judge_encryption(bucket)
    yield from _judge_ownership(bucket)
    yield from _judge_lifecycle(bucket.rules, keeps_variants=config.keep_variants_of_expired)
    yield from _judge_contents(bucket, census, config.key_prefix)
    for action in bucket.unread:
        yield warning(f"What {action} would tell is not known: it is denied.", "Allow it, or look yourself.")


def _judge_notifier(bucket: BucketConfiguration, config: Config) -> Finding:
    if config.uploads_bucket and not config.uploads_bucket.by_eventbridge:
        return room_among(bucket.notifications, bucket.name, config.notified_prefixes)
    if SWITCH in bucket.notifications:
        return ok("It sends its events to EventBridge.")
    return fault(
        "It does not send its events to EventBridge: no upload would become a job.",
        switch_on(bucket.name, bucket.notifications),
    )


def _judge_others(notifications: Mapping[str, Any]) -> Iterator[Finding]:
    others = sum(len(value) for name, value in notifications.items() if name.endswith("Configurations"))
    if others:
        yield ok(f"Notifications of others stay as they are: {others}.")


def _judge_versions(bucket: BucketConfiguration) -> Iterator[Finding]:
    if bucket.is_versioned:
        yield ok("It keeps versions: what is overwritten or deleted can be brought back.")
    elif "s3:GetBucketVersioning" not in bucket.unread:
        yield warning(
            "It keeps no versions: what is overwritten or deleted is gone, nothing can be undone, and of a key whose "
            "newest upload is rejected nothing is shown.",
            "Turn versioning on, or know it: docs/existing-bucket.md.",
        )


def _judge_encryption(bucket: BucketConfiguration) -> Iterator[Finding]:
    if bucket.kms_key is None:
        return
    yield warning(
        "New objects are encrypted with a key in KMS: their ETags are no MD5, so unchanged files are uploaded again.",
        "The key's policy must let roles of this account decrypt through S3; older objects may have another key.",
    )


def _judge_ownership(bucket: BucketConfiguration) -> Iterator[Finding]:
    if not bucket.is_owner_enforced and "s3:GetBucketOwnershipControls" not in bucket.unread:
        yield warning(
            "Objects may belong to other accounts that wrote them: these cannot be read, and end as dead letters.",
            "Set its object ownership to BucketOwnerEnforced.",
        )


def _judge_lifecycle(rules: tuple[Mapping[str, Any], ...], *, keeps_variants: bool) -> Iterator[Finding]:
    for rule in rules:
        name = rule.get("ID", "without a name")
        expires = {"Days", "Date"} & rule.get("Expiration", {}).keys()
        if expires and keeps_variants:
            yield ok(f"Its lifecycle rule {name!r} expires objects, and keep_variants_of_expired keeps their variants.")
        elif expires:
            yield warning(
                f"Its lifecycle rule {name!r} expires objects: their variants go with them.",
                "Set keep_variants_of_expired to true to keep them.",
            )
        if any(each.get("StorageClass") in _ARCHIVES for each in rule.get("Transitions", ())):
            yield warning(
                f"Its lifecycle rule {name!r} archives objects: they are not resized again where variants change.",
                "GLACIER_IR is read at once.",
            )


def _judge_contents(bucket: BucketConfiguration, census: Census, prefix: str) -> Iterator[Finding]:
    whole = census.whole
    if prefix and not whole.objects:
        yield warning(
            f"No key starts with {prefix!r}, the key_prefix: nothing that lies in it would be resized.",
            "Check that: keys are told apart by every character.",
        )
    if whole.archived:
        yield warning(f"{whole.archived:,} objects are in an archive: they are passed over.", "Restore them first.")
    others = whole.objects - whole.images
    if others:
        yield warning(
            f"{others:,} of {whole.objects:,} objects are not named like images: each is a job that is rejected.",
            "Set key_prefix to the folder of images.",
        )
    if bucket.has_inventory:
        yield ok("It has an inventory, which `darkroom backfill --inventory` reads instead of listing it.")

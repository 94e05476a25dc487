"""Refuse values that are allowed each by itself, and cannot work together."""

import json
from collections.abc import Sequence
from dataclasses import replace

from contract.errors import SettingsError
from resize.imaging.variants import Gravity, Variant, check_is_cut
from resize.settings import STORAGE_SECONDS, WALL_FACTOR, Events
from stacks.config.config import MAX_BUCKET_NAME, Config
from stacks.config.event_target import MskServerlessTarget
from stacks.config.presets import check_presets

# In all, names and values: docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html. What Lambda measures, going
# by its own error message, is the environment as JSON text.
MAX_ENVIRONMENT_BYTES = 4096
RESERVED_BUCKET_PREFIXES = ("xn--", "sthree-", "amzn-s3-demo-")
# https://sqs.<region>.<domain>/<account>/<name of 80 characters>, in the region and the domain with the longest names.
MAX_QUEUE_URL = 150
# https:// and a name of 253 characters, the longest that DNS has.
MAX_DELIVERY_URL = 8 + 253
_LONGEST_SOURCE = "/darkroom/123456789012/us-gov-northwest-1/"


def check_together(config: Config) -> None:
    """Check all that one setting asks of another.

    Raises:
        SettingsError: the first that does not hold.
    """
    _check_names(config)
    check_presets(config.variants, config.presets, config.key_prefix)
    _check_gravity(config)
    _check_derived(config)
    _check_originals(config)
    _check_times(config)
    _check_consumption(config)
    _check_monitoring(config)
    _check_events(config)
    _check_signing(config)
    _check_environment(config)


def _check_names(config: Config) -> None:
    if config.uploads_bucket is not None:
        if config.legacy_uploads_bucket is not None:
            raise SettingsError(
                "legacy_uploads_bucket", config.legacy_uploads_bucket, "null with an uploads_bucket: they name the same"
            )
        return
    if config.legacy_uploads_bucket is None and config.stack_name.lower().startswith(RESERVED_BUCKET_PREFIXES):
        raise SettingsError(
            "stack_name",
            config.stack_name,
            f"a name that does not start with {', '.join(RESERVED_BUCKET_PREFIXES)}: "
            "the uploads bucket is called after it, and S3 keeps those for itself",
        )


def _check_gravity(config: Config) -> None:
    """See that what a cut keeps is said of variants that cut; the function of an earlier version may pass over it."""
    of_presets = {f"presets[{each.prefix!r}].variants": each.variants for each in config.presets}
    for key, variants in ({"variants": config.variants} | of_presets).items():
        for variant in variants:
            if variant.gravity is not Gravity.CENTER:
                check_is_cut(f"{key}.{variant.name}", variant)


def _check_derived(config: Config) -> None:
    """See that what is made is no upload: it would be resized again, and so on."""
    derived = config.derived_bucket
    if derived is None:
        return
    uploads = config.uploads_bucket.name if config.uploads_bucket else config.legacy_uploads_bucket
    if derived.overlaps(uploads, config.key_prefix):
        raise SettingsError(
            "derived_bucket.prefix",
            derived.prefix,
            f"a prefix that key_prefix, {config.key_prefix!r}, does not start with, nor it with that: in one bucket "
            "what is made would be taken for uploads, and be resized again and again",
        )


def _check_originals(config: Config) -> None:
    archived, expired = config.archive_originals_days, config.expire_originals_days
    for setting, days in (("archive_originals_days", archived), ("expire_originals_days", expired)):
        if days is not None and config.uploads_bucket is not None:
            raise SettingsError(setting, days, "null with an uploads_bucket: the lifecycle rules of that are yours")
    if archived is not None and expired is not None and expired <= archived:
        # docs.aws.amazon.com/AmazonS3/latest/userguide/lifecycle-transition-general-considerations.html
        raise SettingsError("expire_originals_days", expired, f"more than archive_originals_days, {archived}")


def _check_times(config: Config) -> None:
    longest_render = (config.function_timeout_seconds - STORAGE_SECONDS - 1) // WALL_FACTOR
    if config.render_seconds > longest_render:
        raise SettingsError(
            "render_seconds",
            config.render_seconds,
            f"at most {longest_render} with a function_timeout_seconds of {config.function_timeout_seconds}: "
            f"a job is started only while {WALL_FACTOR} times that and {STORAGE_SECONDS} seconds for storage are left",
        )
    _check_fallback(config)
    if config.visibility_seconds < config.function_timeout_seconds:
        raise SettingsError(
            "visibility_timeout_seconds",
            config.visibility_seconds,
            f"at least function_timeout_seconds, {config.function_timeout_seconds}: Lambda refuses less",
        )
    if config.queue_retention_days >= config.dead_letter_retention_days:
        raise SettingsError(
            "queue_retention_days",
            config.queue_retention_days,
            f"less than dead_letter_retention_days, {config.dead_letter_retention_days}: a dead letter keeps its age",
        )
    message_days = config.queue_retention_days + config.dead_letter_retention_days
    if config.removed_manifest_days <= message_days:
        raise SettingsError(
            "removed_manifest_days",
            config.removed_manifest_days,
            f"more than {message_days}, the days that a message can live in both queues",
        )


def _check_fallback(config: Config) -> None:
    """See that one invocation has the time to reject an upload, and as many before it, each at its slowest."""
    rendered = (config.function_timeout_seconds - STORAGE_SECONDS - 1) // (WALL_FACTOR * config.render_seconds)
    if config.fallback_versions >= rendered:
        raise SettingsError(
            "fallback_versions",
            config.fallback_versions,
            f"at most {rendered - 1} with a function_timeout_seconds of {config.function_timeout_seconds} and a "
            f"render_seconds of {config.render_seconds}: a job may take {WALL_FACTOR} times that for its own image and "
            f"for each of these, and {STORAGE_SECONDS} seconds for storage; raise the timeout, or lower either",
        )


def _check_consumption(config: Config) -> None:
    if config.batch_size > 10 and config.batch_window_seconds == 0:  # noqa: PLR2004  # the next line says what 10 is
        raise SettingsError("batch_window_seconds", 0, "at least 1 with a batch_size over 10: Lambda refuses 0")
    if config.provisioned_pollers is not None and config.max_concurrency is not None:
        raise SettingsError(
            "max_concurrency", config.max_concurrency, "null with provisioned_pollers: Lambda takes one of the two"
        )
    if config.provisioned_pollers is None and config.max_concurrency is None:
        raise SettingsError("max_concurrency", None, "a whole number from 2 to 1000 unless provisioned_pollers is set")
    _check_memory(config)


def _check_memory(config: Config) -> None:
    most = config.settings(uploads_bucket="", derived_bucket="").most_source_bytes(config.memory_mb)
    if config.max_source_bytes > most:
        raise SettingsError(
            "max_source_bytes",
            config.max_source_bytes,
            f"at most {most} with a memory_mb of {config.memory_mb} and a jobs_at_once of {config.jobs_at_once}: each "
            "of these jobs holds a source in memory, beside those that are rendered; raise memory_mb or lower "
            "jobs_at_once",
        )


def _check_monitoring(config: Config) -> None:
    for name in ("alarm_email", "alarm_no_jobs_hours"):
        value = getattr(config, name)
        if value is not None and not config.monitoring:
            raise SettingsError(name, value, "null without monitoring: there are no alarms then")


def _check_events(config: Config) -> None:
    if isinstance(config.events, MskServerlessTarget) and config.bundle_for == "this-machine":
        raise SettingsError(
            "events", "msk-serverless", "another target on this machine, which has no MSK: darkroom up --log kafka"
        )


def _check_signing(config: Config) -> None:
    keys = config.delivery.public_keys if config.delivery else ()
    if keys and config.bundle_for == "this-machine":
        allowed = "none on this machine, whose CloudFront has no key groups: its URLs are not signed"
        raise SettingsError("delivery.public_keys", [each.fingerprint for each in keys], allowed)


def _check_environment(config: Config) -> None:
    """See that the environment has room for what the function is told; no preset has more than `variants` may."""
    _check_room(replace(config, presets=()), "variants", _count(config.variants))
    for preset in config.presets:
        alone = replace(config, variants=preset.variants, presets=())
        _check_room(alone, f"presets[{preset.prefix!r}].variants", _count(preset.variants))
    _check_room(config, "presets", f"{len(config.presets)} presets")


def _count(variants: Sequence[Variant]) -> str:
    """Count variants as a person does, who has written one of the format `auto` once."""
    return f"{len({variant.name for variant in variants})} variants"


def _check_room(config: Config, key: str, what: str) -> None:
    longest = "b" * MAX_BUCKET_NAME
    events = Events(queue_url="q" * MAX_QUEUE_URL, source=f"{_LONGEST_SOURCE}{config.stack_name}")
    environment = config.settings(
        uploads_bucket=longest,
        derived_bucket=longest,
        jobs_queue_url="q" * MAX_QUEUE_URL,
        events=events if config.events else None,
        delivery_url="d" * MAX_DELIVERY_URL if config.delivery else None,
    ).to_environment()
    size = len(json.dumps(environment).encode())
    if size > MAX_ENVIRONMENT_BYTES:
        raise SettingsError(
            key,
            what,
            f"an environment of at most {MAX_ENVIRONMENT_BYTES} bytes, and these make it {size}; configure fewer",
        )

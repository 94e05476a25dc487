"""Parser and limits of each setting."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from contract.errors import SettingsError
from resize.imaging.engine import Engine
from resize.imaging.variants import Parser, Variant, parse_variants
from resize.settings import STORAGE_SECONDS, WALL_FACTOR
from stacks.config.event_target import parse_event_target


@dataclass(frozen=True, slots=True, kw_only=True)
class Pollers:
    """How many event pollers are kept ready for the jobs queue, at least and at most."""

    minimum: int
    maximum: int


def _integer(lowest: int, highest: int, unless: str = "") -> Parser:
    def parse(key: str, value: object) -> int:
        if isinstance(value, bool) or not isinstance(value, int) or not lowest <= value <= highest:
            raise SettingsError(key, value, f"a whole number from {lowest} to {highest}{unless}")
        return value

    return parse


def _optional(parse: Parser) -> Parser:
    return lambda key, value: None if value is None else parse(key, value)


def _one_of(*allowed: str | int) -> Parser:
    def parse(key: str, value: object) -> str | int:
        for choice in allowed:
            if value == choice and type(value) is type(choice):
                return choice
        raise SettingsError(key, value, f"one of {', '.join(map(str, allowed))}")

    return parse


def _text(pattern: str, meaning: str) -> Parser:
    def parse(key: str, value: object) -> str:
        if not isinstance(value, str) or not re.fullmatch(pattern, value):
            raise SettingsError(key, value, meaning)
        return value

    return parse


def _boolean(key: str, value: object) -> bool:
    if not isinstance(value, bool):
        raise SettingsError(key, value, "true or false")
    return value


def _variants(_key: str, value: object) -> tuple[Variant, ...]:
    return parse_variants(value)


_engine_name = _one_of(*(engine.value for engine in Engine))


def _engine(key: str, value: object) -> Engine:
    return Engine(_engine_name(key, value))


# docs.aws.amazon.com/lambda/latest/api/API_ProvisionedPollerConfig.html
_minimum_pollers = _integer(2, 200)
_maximum_pollers = _integer(2, 10_000)


def _pollers(key: str, value: object) -> Pollers:
    if not isinstance(value, Mapping) or set(value) != {"minimum", "maximum"}:
        raise SettingsError(key, value, 'null, or an object such as {"minimum": 2, "maximum": 20}')
    pollers = Pollers(
        minimum=_minimum_pollers(f"{key}.minimum", value["minimum"]),
        maximum=_maximum_pollers(f"{key}.maximum", value["maximum"]),
    )
    if pollers.minimum > pollers.maximum:
        raise SettingsError(f"{key}.minimum", pollers.minimum, f"at most the maximum, {pollers.maximum}")
    return pollers


# S3 takes any positive number of days: docs.aws.amazon.com/AmazonS3/latest/API/API_LifecycleExpiration.html
_days = _integer(1, 2**31 - 1)
# docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-messages.html
_message_days = _integer(1, 14)
# docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutRetentionPolicy.html
_log_days = _one_of(
    *(1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545),
    *(731, 1096, 1827, 2192, 2557, 2922, 3288, 3653),
)

PARSERS: Mapping[str, Parser] = {
    # docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cfn-using-console-create-stack-parameters.html, but short
    # enough for a queue's name, 80 characters, to hold it; names.py cuts it where a name has a suffix too.
    "stack_name": _text(r"[A-Za-z][A-Za-z0-9-]{0,63}", "1 to 64 letters, digits and '-', starting with a letter"),
    # docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
    "legacy_uploads_bucket": _optional(
        _text(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]", "the name of a bucket, or null for a stack from 0.1.0 on")
    ),
    # Other characters must be percent-encoded in a filter, and would be easy to get wrong:
    # docs.aws.amazon.com/AmazonS3/latest/userguide/notification-how-to-filtering.html
    "key_prefix": _text(
        r"[0-9A-Za-z/!_.'()-]{0,1024}", 'at most 1,024 letters, digits and /!_.\'()-, or "" for every key'
    ),
    "variants": _variants,
    "retain_data": _boolean,
    "noncurrent_days": _days,
    "keep_variants_of_expired": _boolean,
    "abort_upload_days": _days,
    "removed_manifest_days": _days,
    "queue_retention_days": _message_days,
    "dead_letter_retention_days": _message_days,
    # docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-configure-dead-letter-queue.html
    "max_receive_count": _integer(1, 1000),
    # docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
    "function_timeout_seconds": _integer(STORAGE_SECONDS + WALL_FACTOR + 1, 900),
    "render_seconds": _integer(1, 900),
    # docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-messages.html
    "visibility_timeout_seconds": _optional(_integer(1, 43_200, ", or null for 6 x timeout + window")),
    # docs.aws.amazon.com/lambda/latest/dg/services-sqs-parameters.html
    "batch_size": _integer(1, 10_000),
    "batch_window_seconds": _integer(0, 300),
    # docs.aws.amazon.com/lambda/latest/dg/services-sqs-scaling.html
    "max_concurrency": _optional(_integer(2, 1000, ", or null with provisioned_pollers")),
    "provisioned_pollers": _optional(_pollers),
    # Lambda would take 128, but the sandbox gets only what the consumer does not keep for itself:
    # docs.aws.amazon.com/lambda/latest/dg/configuration-memory.html
    "memory_mb": _integer(1024, 10_240),
    # Before 3.12 Lambda's system is Amazon Linux 2, whose C library is too old for Pillow's wheels:
    # docs.aws.amazon.com/lambda/latest/dg/lambda-runtimes.html
    "python": _one_of("3.12", "3.13", "3.14"),
    "architecture": _one_of("arm64", "x86_64"),
    "log_retention_days": _log_days,
    "cache_control": _text(r"[\x20-\x7e]{1,256}", "1 to 256 printable ASCII characters"),
    "jobs_at_once": _integer(1, 32),
    "max_source_bytes": _integer(1, 10_240 * 2**20),
    "max_frame_pixels": _integer(1, 2**32),
    "max_frames": _integer(1, 2**32),
    "max_total_pixels": _integer(1, 2**32),
    "events": _optional(parse_event_target),
    "monitoring": _boolean,
    # An address as RFC 5321 has it, without the quoted and the bracketed forms.
    "alarm_email": _optional(
        _text(
            r"(?=.{3,254}$)[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@([A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?\.)+[A-Za-z]{2,63}",
            "an e-mail address, or null",
        )
    ),
    "alarm_oldest_message_seconds": _optional(_integer(60, 1_209_600, ", or null for 1.5 x the visibility timeout")),
    "alarm_failed_percent": _integer(0, 99),
    "alarm_rejected_percent": _integer(0, 99),
    "alarm_minimum_jobs": _integer(1, 1_000_000),
    # One day for a period of a minute, seven for one of an hour:
    # docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html
    "alarm_at_cap_minutes": _integer(1, 1440),
    "alarm_no_jobs_hours": _optional(_integer(1, 168, ", or null for no such alarm")),
    "engine": _engine,
    "bundle_for": _one_of("lambda", "this-machine"),
}

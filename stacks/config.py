"""Every knob of cdk.json, checked and made one frozen value."""

import difflib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, fields

from resize.errors import SettingsError
from resize.settings import Limits, Settings
from resize.variants import Fit, Parser, Variant, parse_variants
from stacks.context import parse_json

# Lambda counts the environment as JSON text: docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
MAX_ENVIRONMENT_BYTES = 4096
# docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
MAX_BUCKET_NAME = 63
# What the consumer keeps of its time for S3 before it starts to render.
STORAGE_SECONDS = 10

_LIMITS = Limits()
DEFAULT_VARIANTS = (
    Variant(name="large", width=1600),
    Variant(name="medium", width=800),
    Variant(name="thumb", width=320, height=320, fit=Fit.COVER),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pollers:
    """How many event pollers are kept ready for the jobs queue, at least and at most."""

    minimum: int
    maximum: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """What can be configured, with its default; cdk.json spells out the same.

    Days, seconds, megabytes (of 1,048,576 bytes) and bytes are whole numbers.
    """

    # The stack, and the name of its CloudFormation stack and of its jobs queue.
    stack_name: str = "Darkroom"
    # Only uploads whose key starts so are resized; empty means all.
    key_prefix: str = ""
    variants: tuple[Variant, ...] = DEFAULT_VARIANTS
    # What `cdk destroy` leaves behind. False removes the buckets, which must be empty by then: emptying them for you
    # would take a function with the right to delete everything.
    retain_data: bool = True
    # How long an overwritten or deleted upload can be brought back.
    noncurrent_days: int = 30
    abort_upload_days: int = 1
    # How long a deleted upload's manifest stays, so that an older job that comes late cannot bring its variants back.
    removed_manifest_days: int = 30
    queue_retention_days: int = 4
    dead_letter_retention_days: int = 14
    max_receive_count: int = 5
    # A full batch of the slowest images fits, ten times render_seconds, so that none of them costs another a receive.
    function_timeout_seconds: int = 300
    render_seconds: int = 25
    # None is six times the function's timeout plus the batch window, as AWS recommends.
    visibility_timeout_seconds: int | None = None
    batch_size: int = 10
    batch_window_seconds: int = 1
    max_concurrency: int | None = 50
    provisioned_pollers: Pollers | None = None
    # One full vCPU: docs.aws.amazon.com/lambda/latest/dg/configuration-memory.html
    memory_mb: int = 1769
    python: str = "3.14"
    architecture: str = "arm64"
    log_retention_days: int = 30
    cache_control: str = "public, max-age=3600"
    jobs_at_once: int = 4
    max_source_bytes: int = _LIMITS.source_bytes
    max_frame_pixels: int = _LIMITS.frame_pixels
    max_frames: int = _LIMITS.frames
    max_total_pixels: int = _LIMITS.total_pixels
    # "this-machine" makes a bundle for the emulator, which runs the function on the Python that it runs on itself.
    bundle_for: str = "lambda"

    @property
    def visibility_seconds(self) -> int:
        """How long a received job stays hidden: docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html."""
        if self.visibility_timeout_seconds is not None:
            return self.visibility_timeout_seconds
        return 6 * self.function_timeout_seconds + self.batch_window_seconds

    def settings(self, *, uploads_bucket: str, derived_bucket: str) -> Settings:
        """What the function is told, for two buckets by their names."""
        return Settings(
            uploads_bucket=uploads_bucket,
            derived_bucket=derived_bucket,
            variants=self.variants,
            limits=Limits(
                source_bytes=self.max_source_bytes,
                frame_pixels=self.max_frame_pixels,
                frames=self.max_frames,
                total_pixels=self.max_total_pixels,
            ),
            cache_control=self.cache_control,
            jobs_at_once=self.jobs_at_once,
            render_seconds=self.render_seconds,
        )


def parse_config(context: Mapping[str, object]) -> Config:
    """Make the configuration of a CDK context; a knob not in it has its default, and the CDK's own keys are ignored.

    A value may be text that holds the JSON of what is meant: `cdk deploy -c memory_mb=3008` hands over text.

    Raises:
        SettingsError: an unknown knob, a wrong type or value, or values that cannot work together.
    """
    knobs = {key: value for key, value in context.items() if not is_cdk_key(key)}
    for key, value in knobs.items():
        if key not in _PARSERS:
            raise SettingsError(key if key.isprintable() else repr(key), value, _nearest(key))
    config = Config(**{key: _PARSERS[key](key, _from_text(key, value)) for key, value in knobs.items()})
    _check_together(config)
    return config


def is_cdk_key(key: str) -> bool:
    """Whether a context key is the CDK's own: a feature flag, a cached look-up, or what its command line notes."""
    return any(mark in key for mark in "@:/") or key in _CDK_COMMAND_LINE_KEYS


def _nearest(key: str) -> str:
    names = difflib.get_close_matches(key.replace("-", "_").lower(), _PARSERS, n=1, cutoff=0.0)
    return f"the name of a knob; the nearest is {names[0]!r}"


def _from_text(key: str, value: object) -> object:
    if not isinstance(value, str) or key in _TEXT_KNOBS:
        return value
    try:
        return parse_json(value)
    except SettingsError:
        raise
    except ValueError:
        return value


def _check_together(config: Config) -> None:
    _check_times(config)
    _check_consumption(config)
    _check_environment(config)


def _check_times(config: Config) -> None:
    longest_render = config.function_timeout_seconds - STORAGE_SECONDS - 1
    if config.render_seconds > longest_render:
        raise SettingsError(
            "render_seconds",
            config.render_seconds,
            f"at most {longest_render} with a function_timeout_seconds of {config.function_timeout_seconds}: "
            f"a job is started only while that and {STORAGE_SECONDS} seconds for storage are left",
        )
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


def _check_consumption(config: Config) -> None:
    if config.batch_size > 10 and config.batch_window_seconds == 0:  # noqa: PLR2004  # the next line says what 10 is
        raise SettingsError("batch_window_seconds", 0, "at least 1 with a batch_size over 10: Lambda refuses 0")
    if config.provisioned_pollers is not None and config.max_concurrency is not None:
        raise SettingsError(
            "max_concurrency", config.max_concurrency, "null with provisioned_pollers: Lambda takes one of the two"
        )
    if config.provisioned_pollers is None and config.max_concurrency is None:
        raise SettingsError("max_concurrency", None, "a whole number from 2 to 1000 unless provisioned_pollers is set")
    if config.max_source_bytes >= config.memory_mb * 2**20:
        raise SettingsError(
            "max_source_bytes", config.max_source_bytes, f"less than memory_mb holds, {config.memory_mb * 2**20}"
        )


def _check_environment(config: Config) -> None:
    longest = "b" * MAX_BUCKET_NAME
    environment = config.settings(uploads_bucket=longest, derived_bucket=longest).to_environment()
    size = len(json.dumps(environment).encode())
    if size > MAX_ENVIRONMENT_BYTES:
        raise SettingsError(
            "variants",
            f"{len(config.variants)} variants",
            f"an environment of at most {MAX_ENVIRONMENT_BYTES} bytes, and these make it {size}; configure fewer",
        )


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


# docs.aws.amazon.com/lambda/latest/dg/services-sqs-parameters.html
_minimum_pollers = _integer(2, 200)
_maximum_pollers = _integer(2, 2000)


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

_PARSERS: Mapping[str, Parser] = {
    # docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cfn-using-console-create-stack-parameters.html, but short
    # enough for a queue's name, 80 characters, to hold it.
    "stack_name": _text(r"[A-Za-z][A-Za-z0-9-]{0,63}", "1 to 64 letters, digits and '-', starting with a letter"),
    # Other characters must be percent-encoded in a filter, and would be easy to get wrong:
    # docs.aws.amazon.com/AmazonS3/latest/userguide/notification-how-to-filtering.html
    "key_prefix": _text(
        r"[0-9A-Za-z/!_.'()-]{0,1024}", 'at most 1,024 letters, digits and /!_.\'()-, or "" for every key'
    ),
    "variants": _variants,
    "retain_data": _boolean,
    "noncurrent_days": _days,
    "abort_upload_days": _days,
    "removed_manifest_days": _days,
    "queue_retention_days": _message_days,
    "dead_letter_retention_days": _message_days,
    # docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SetQueueAttributes.html
    "max_receive_count": _integer(1, 1000),
    # docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
    "function_timeout_seconds": _integer(STORAGE_SECONDS + 2, 900),
    "render_seconds": _integer(1, 900),
    # docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-messages.html
    "visibility_timeout_seconds": _optional(_integer(1, 43_200, ", or null for 6 x timeout + window")),
    # docs.aws.amazon.com/lambda/latest/dg/services-sqs-parameters.html
    "batch_size": _integer(1, 10_000),
    "batch_window_seconds": _integer(0, 300),
    # docs.aws.amazon.com/lambda/latest/dg/services-sqs-scaling.html
    "max_concurrency": _optional(_integer(2, 1000, ", or null with provisioned_pollers")),
    "provisioned_pollers": _optional(_pollers),
    # Lambda would take 128, but the consumer keeps 512 for itself before the sandbox gets any:
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
    "bundle_for": _one_of("lambda", "this-machine"),
}
_TEXT_KNOBS = frozenset(knob.name for knob in fields(Config) if knob.type is str)
_CDK_COMMAND_LINE_KEYS = frozenset({"acknowledged-issue-numbers", "cli-telemetry"})

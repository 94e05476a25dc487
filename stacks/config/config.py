"""The settings of cdk.json as one frozen value."""

import difflib
import json
from collections.abc import Mapping
from dataclasses import dataclass, fields

from contract.errors import SettingsError
from resize.backoff import Backoff
from resize.imaging.engine import Engine
from resize.imaging.limits import Limits
from resize.imaging.variants import Fit, Variant
from resize.settings import STORAGE_SECONDS, WALL_FACTOR, Events, Settings
from stacks.config.context import parse_json
from stacks.config.event_target import EventTarget
from stacks.config.parsers import PARSERS, Pollers

# In all, names and values: docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html. What Lambda measures, going
# by its own error message, is the environment as JSON text.
MAX_ENVIRONMENT_BYTES = 4096
# docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
MAX_BUCKET_NAME = 63
RESERVED_BUCKET_PREFIXES = ("xn--", "sthree-", "amzn-s3-demo-")
# https://sqs.<region>.<domain>/<account>/<name of 80 characters>, in the region and the domain with the longest names.
MAX_QUEUE_URL = 150
_LONGEST_SOURCE = "/darkroom/123456789012/us-gov-northwest-1/"

_LIMITS = Limits()
DEFAULT_VARIANTS = (
    Variant(name="large", width=1600),
    Variant(name="medium", width=800),
    Variant(name="thumb", width=320, height=320, fit=Fit.COVER),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """What can be configured, with its default; cdk.json spells out the same.

    Days, seconds, megabytes (of 1,048,576 bytes) and bytes are whole numbers.
    """

    # The name of the CloudFormation stack; the uploads bucket and the jobs queue are called after it.
    stack_name: str = "Darkroom"
    # The uploads bucket of a stack from before 0.1.0, whose bucket and queue keep their names: see CHANGELOG.md.
    legacy_uploads_bucket: str | None = None
    # Only uploads whose key starts so are resized; empty means all.
    key_prefix: str = ""
    # What is made of each image, by name; resize/variants.py has every option.
    variants: tuple[Variant, ...] = DEFAULT_VARIANTS
    # Whether `cdk destroy` leaves the buckets and the log. False removes them; the buckets must be empty by then, as
    # emptying them for you would take a function with the right to delete everything.
    retain_data: bool = True
    # How long an overwritten or deleted upload can be brought back.
    noncurrent_days: int = 30
    # Whether the variants of an upload that a lifecycle rule expires stay; what a person deletes loses them either way.
    keep_variants_of_expired: bool = False
    # How long the parts of a multipart upload that was never completed are kept.
    abort_upload_days: int = 1
    # How long a deleted upload's manifest stays, so that an older job that comes late cannot bring its variants back.
    removed_manifest_days: int = 30
    # How long a job may wait, and how long a job that failed waits for a person, both from its first day.
    queue_retention_days: int = 4
    dead_letter_retention_days: int = 14
    # How often a job is tried before it goes to the dead-letter queue, within some two hours: see resize/backoff.py.
    max_receive_count: int = 8
    # A full batch of the slowest images fits, nine times render_seconds and once three times that, so that none of them
    # costs another a receive.
    function_timeout_seconds: int = 330
    # How much processor time one image may take, before it is rejected; by the clock it may take three times that.
    render_seconds: int = 25
    # How long a job that was received stays hidden, unless the function shows it sooner; None is six function timeouts
    # plus the batch window.
    visibility_timeout_seconds: int | None = None
    # How many jobs one invocation takes at most, and how long Lambda waits for that many.
    batch_size: int = 10
    batch_window_seconds: int = 1
    # How many invocations run at a time at most; None with provisioned_pollers, which are kept ready and cost money.
    max_concurrency: int | None = 50
    provisioned_pollers: Pollers | None = None
    # One full vCPU: docs.aws.amazon.com/lambda/latest/dg/configuration-memory.html
    memory_mb: int = 1769
    python: str = "3.14"
    architecture: str = "arm64"
    log_retention_days: int = 30
    # The Cache-Control header of every rendition.
    cache_control: str = "public, max-age=3600"
    # How many jobs of a batch are under way at once, so that the wait of one for S3 is another's processor time.
    jobs_at_once: int = 4
    # What an image may be, in bytes, in pixels of a frame, in frames, in pixels of all frames; more is rejected.
    max_source_bytes: int = _LIMITS.source_bytes
    max_frame_pixels: int = _LIMITS.frame_pixels
    max_frames: int = _LIMITS.frames
    max_total_pixels: int = _LIMITS.total_pixels
    # Where every outcome is announced, as an event that others read: docs/events.md. None is nowhere.
    events: EventTarget | None = None
    # Whether the stack has alarms, a dashboard and saved queries; without them nothing below has a meaning.
    monitoring: bool = True
    # Who is told of alarms; None is no one, and leaves out the topic and its key.
    alarm_email: str | None = None
    # How old a job may be; None is one and a half visibility timeouts, so that one retry is no alarm. SQS counts no age
    # after the third receive, two timeouts after the first:
    # docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-available-cloudwatch-metrics.html
    alarm_oldest_message_seconds: int | None = None
    # How many percent of the jobs may fail, or be rejected. A share is of alarm_minimum_jobs at least, so that the only
    # job of a night is not all of them.
    alarm_failed_percent: int = 5
    alarm_rejected_percent: int = 25
    alarm_minimum_jobs: int = 50
    # How long the function may run as many times at once as max_concurrency allows.
    alarm_at_cap_minutes: int = 30
    # How long there may be no job at all; None is for ever.
    alarm_no_jobs_hours: int | None = None
    # Which library resizes; the bundle has no other.
    engine: Engine = Engine.PILLOW
    # "this-machine" makes a bundle for the emulator, which runs the function on the Python that it runs on itself.
    bundle_for: str = "lambda"

    @property
    def visibility_seconds(self) -> int:
        """How long a received job stays hidden: docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html."""
        if self.visibility_timeout_seconds is not None:
            return self.visibility_timeout_seconds
        return 6 * self.function_timeout_seconds + self.batch_window_seconds

    @property
    def oldest_message_seconds(self) -> int:
        """How old a job may be before it is an alarm."""
        if self.alarm_oldest_message_seconds is not None:
            return self.alarm_oldest_message_seconds
        return 3 * self.visibility_seconds // 2

    @property
    def backoff(self) -> Backoff:
        """When a job that was not done is tried again."""
        return Backoff(visibility_seconds=self.visibility_seconds, max_receives=self.max_receive_count)

    def settings(
        self, *, uploads_bucket: str, derived_bucket: str, jobs_queue_url: str = "", events: Events | None = None
    ) -> Settings:
        """What the function is told, for two buckets by their names, a queue, and where it announces outcomes."""
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
            keep_variants_of_expired=self.keep_variants_of_expired,
            stack_name=self.stack_name,
            engine=self.engine,
            jobs_queue_url=jobs_queue_url,
            backoff=self.backoff,
            events=events,
        )


_TEXT_KNOBS = frozenset(knob.name for knob in fields(Config) if knob.type is str)
_CDK_COMMAND_LINE_KEYS = frozenset({"acknowledged-issue-numbers", "cli-telemetry"})


def parse_config(context: Mapping[str, object]) -> Config:
    """Make the configuration of a CDK context; a setting not in it has its default, and the CDK's own keys are ignored.

    A value may be text that holds the JSON of what is meant: `cdk deploy -c memory_mb=3008` hands over text.

    Raises:
        SettingsError: an unknown setting, a wrong type or value, or values that cannot work together.
    """
    knobs = {key: value for key, value in context.items() if not is_cdk_key(key)}
    for key, value in knobs.items():
        if key not in PARSERS:
            raise SettingsError(key if key.isprintable() else repr(key), value, _nearest(key))
    config = Config(**{key: PARSERS[key](key, _from_text(key, value)) for key, value in knobs.items()})
    _check_together(config)
    return config


def is_cdk_key(key: str) -> bool:
    """Whether a context key is the CDK's own: a feature flag, a cached look-up, or what its command line notes."""
    return any(mark in key for mark in "@:/") or key in _CDK_COMMAND_LINE_KEYS


def _nearest(key: str) -> str:
    names = difflib.get_close_matches(key.replace("-", "_").lower(), PARSERS, n=1, cutoff=0.0)
    return f"the name of a setting; the nearest is {names[0]!r}"


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
    _check_names(config)
    _check_times(config)
    _check_consumption(config)
    _check_monitoring(config)
    _check_environment(config)


def _check_names(config: Config) -> None:
    if config.legacy_uploads_bucket is None and config.stack_name.lower().startswith(RESERVED_BUCKET_PREFIXES):
        raise SettingsError(
            "stack_name",
            config.stack_name,
            f"a name that does not start with {', '.join(RESERVED_BUCKET_PREFIXES)}: "
            "the uploads bucket is called after it, and S3 keeps those for itself",
        )


def _check_times(config: Config) -> None:
    longest_render = (config.function_timeout_seconds - STORAGE_SECONDS - 1) // WALL_FACTOR
    if config.render_seconds > longest_render:
        raise SettingsError(
            "render_seconds",
            config.render_seconds,
            f"at most {longest_render} with a function_timeout_seconds of {config.function_timeout_seconds}: "
            f"a job is started only while {WALL_FACTOR} times that and {STORAGE_SECONDS} seconds for storage are left",
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
    for knob in ("alarm_email", "alarm_no_jobs_hours"):
        value = getattr(config, knob)
        if value is not None and not config.monitoring:
            raise SettingsError(knob, value, "null without monitoring: there are no alarms then")


def _check_environment(config: Config) -> None:
    longest = "b" * MAX_BUCKET_NAME
    events = Events(queue_url="q" * MAX_QUEUE_URL, source=f"{_LONGEST_SOURCE}{config.stack_name}")
    environment = config.settings(
        uploads_bucket=longest,
        derived_bucket=longest,
        jobs_queue_url="q" * MAX_QUEUE_URL,
        events=events if config.events else None,
    ).to_environment()
    size = len(json.dumps(environment).encode())
    if size > MAX_ENVIRONMENT_BYTES:
        raise SettingsError(
            "variants",
            f"{len(config.variants)} variants",
            f"an environment of at most {MAX_ENVIRONMENT_BYTES} bytes, and these make it {size}; configure fewer",
        )
